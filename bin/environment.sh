# Sourced by the other programs here: the virtual environment of this checkout.

# Prints the path of a Python that is new enough; fails when there is none.
find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        # Some names are shims of a version manager that lead nowhere: run each.
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null </dev/null; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

# make_environment ROOT FILE: .venv with the packages of FILE, installed when it changed.
make_environment() {
    venv=$1/.venv
    stamp=$venv/.installed-$2
    if ! "$venv/bin/python" -c '' 2>/dev/null; then
        if ! python=$(find_python); then
            echo "error: no Python 3.11 or newer found: install one, or name it with PYTHON=/path/to/python3" >&2
            exit 1
        fi
        echo "setup      | making .venv with $python"
        rm -rf "$venv"
        if ! "$python" -m venv "$venv"; then
            rm -rf "$venv"
            echo "error: $python cannot make a virtual environment: install its venv module (Debian and Ubuntu: apt install python3-venv)" >&2
            exit 1
        fi
    fi
    wanted=$(cksum <"$1/$2")
    if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
        echo "setup      | installing $2 (a minute or two the first time)"
        began=$(date +%s)
        if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$1/$2"; then
            echo "error: the packages of $2 could not be installed: see the lines above" >&2
            exit 1
        fi
        printf '%s\n' "$wanted" >"$stamp"
        echo "setup      | installed in $(($(date +%s) - began)) s"
    fi
}
