"""The block that `up` prints once everything runs."""

from collections.abc import Callable

from django.urls import Resolver404, resolve

from cqrs_site.up.preparation import Prepared

PLACES = (
    ("Start page", "/"),
    ("API", "/api/docs/"),
    ("Console", "/ops/"),
    ("Admin", "/admin/"),
)
CHANGE_PASSWORD = ".venv/bin/python manage.py changepassword admin"
MAKE_KEY = ".venv/bin/python manage.py api_key create mine --scope orders:read"


def lines(url: str, prepared: Prepared, bold: Callable[[str], str]) -> list[str]:
    found = [bold("Everything runs. Ctrl-C stops it; the data stays in .local/"), ""]
    found += [f"{name:12} {url}{path}" for name, path in PLACES if _is_there(path)]
    found.append("")
    if prepared.passwords:
        found.append("Users (shown this once)")
        found += [f"  {name:10} {word}" for name, word in prepared.passwords.items()]
    else:
        found.append(f"Users as before; a new password: {CHANGE_PASSWORD}")
    if prepared.key:
        found += ["API key (shown this once)", f"  {prepared.key}"]
        found += ["Try it", f"  curl -H 'Authorization: Bearer {prepared.key}' \\"]
        found.append(f"       '{url}/api/v1/queries/orders?limit=3'")
    else:
        found.append(f"API keys as before; a new one: {MAKE_KEY}")
    return found


def _is_there(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
