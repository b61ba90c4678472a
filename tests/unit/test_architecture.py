"""What the import contracts cannot say: names, sizes, and what each package tells."""

import ast
import configparser
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/apps.py"))
FILES = sorted(
    path.relative_to(ROOT)
    for folder in [*PACKAGES, "tests", "benchmarks"]
    for path in (ROOT / folder).rglob("*.py")
)
LONGEST = 400  # lines
BANNED_MODULES = {
    "base",
    "common",
    "helpers",
    "managers",
    "misc",
    "services",
    "utils",
}
# Django looks for an engine's wrapper in a module of this name.
NAMED_BY_DJANGO = {Path("cqrs_site/postgres_engine/base.py")}
BANNED_ENDINGS = (
    "Abstract",
    "Base",
    "Common",
    "Data",
    "Helper",
    "Impl",
    "Info",
    "Manager",
    "Processor",
    "Service",
    "Util",
    "Utils",
)
# What orders.domain may import beside the standard library and itself.
DOMAIN_MAY_IMPORT = {"msgspec", "orders"}


def _parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def test_it_finds_the_packages_and_files_it_speaks_about():
    assert {"cqrs_site", "eventstore", "orders", "projections"} <= set(PACKAGES)
    assert len(FILES) > 100


@pytest.mark.parametrize("path", FILES, ids=str)
def test_it_keeps_files_short_enough_to_read(path):
    lines = (ROOT / path).read_text("utf-8").count("\n")
    assert lines <= LONGEST


def test_it_names_no_module_after_nothing_in_particular():
    named = [path for path in FILES if path not in NAMED_BY_DJANGO]
    wrong = [str(path) for path in named if path.stem in BANNED_MODULES]
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=str)
def test_it_names_classes_in_words_of_the_trade(path):
    classes = [
        node for node in ast.walk(_parsed(path)) if isinstance(node, ast.ClassDef)
    ]
    assert [each.name for each in classes if each.name.endswith(BANNED_ENDINGS)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_it_says_in_each_package_what_it_imports_and_where_to_start(package):
    text = ast.get_docstring(_parsed(Path(package) / "__init__.py")) or ""
    assert "import" in text.lower()
    assert "Start at" in text


@pytest.mark.parametrize("package", PACKAGES)
def test_it_names_files_that_exist_as_the_places_to_start(package):
    text = ast.get_docstring(_parsed(Path(package) / "__init__.py")) or ""
    words = text.partition("Start at")[2].replace(",", " ").replace(";", " ").split()
    named = [word.strip("().") for word in words]
    paths = [word for word in named if word.endswith(".py")]
    assert paths, "it names no file"
    assert [word for word in paths if not (ROOT / package / word).exists()] == []


def test_it_has_an_import_contract_for_every_package():
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    assert contracts["importlinter"]["root_packages"].split() == PACKAGES


def test_it_keeps_the_domain_free_of_everything_but_msgspec():
    allowed = set(sys.stdlib_module_names) | DOMAIN_MAY_IMPORT
    wrong = {}
    for path in (ROOT / "orders" / "domain").rglob("*.py"):
        for node in ast.walk(_parsed(path.relative_to(ROOT))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            tops = {name.partition(".")[0] for name in names} - allowed
            if tops:
                wrong[path.name] = tops
    assert wrong == {}
