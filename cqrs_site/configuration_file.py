"""Reads cqrs.yaml strictly and lays CQRS__SECTION__KEY variables over it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

PREFIX = "CQRS__"


class WrongConfiguration(Exception):
    """The file or its overrides are wrong; the text has one line per fault."""

    def __init__(self, path: str, faults: list[str]) -> None:
        self.path = path
        self.faults = faults
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))


class _StrictLoader(yaml.SafeLoader):
    """YAML lets the last of two equal keys win; a configuration must not."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise yaml.YAMLError(f"key {key!r} stands twice (from line {line})")
        return super().construct_mapping(node, deep)


def read(
    path: str, environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values below `cqrs:`, and by dotted key the variable that set it.

    Keys of one projection carry its name: cqrs.query_side.projections.NAME.batch_size.
    """
    values = _from_file(path)
    _name_projections(path, values)
    sources: dict[str, str] = {}
    for variable in sorted(environ):
        if variable.startswith(PREFIX):
            key = _override(path, values, variable, environ[variable])
            sources[key] = variable
    _list_projections(values)
    return values, sources


def _from_file(path: str) -> dict[str, Any]:
    try:
        content = yaml.load(Path(path).read_text("utf-8"), _StrictLoader) or {}
    except OSError as error:
        raise WrongConfiguration(path, [f"cannot be read: {error.strerror}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        fault = " ".join(str(error).split())
        raise WrongConfiguration(path, [f"is not valid YAML: {fault}"]) from None
    if not isinstance(content, dict) or set(content) - {"cqrs"}:
        raise WrongConfiguration(path, ["allowed at the top is one key, cqrs:"])
    values = content.get("cqrs") or {}
    if not isinstance(values, dict):
        raise WrongConfiguration(path, ["cqrs: must hold sections"])
    return values


def _name_projections(path: str, values: dict[str, Any]) -> None:
    query_side = values.get("query_side")
    if not isinstance(query_side, dict) or query_side.get("projections") is None:
        return
    listed, key = query_side["projections"], "cqrs.query_side.projections"
    if not isinstance(listed, list):
        raise WrongConfiguration(path, [f"{key}: allowed is a list of projections"])
    named: dict[str, Any] = {}
    for entry in listed:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise WrongConfiguration(path, [f"{key}: every entry needs a name"])
        if entry["name"] in named:
            raise WrongConfiguration(path, [f"{key}: {entry['name']} stands twice"])
        named[entry["name"]] = entry
    query_side["projections"] = named


def _list_projections(values: dict[str, Any]) -> None:
    query_side = values.get("query_side")
    if isinstance(query_side, dict) and isinstance(query_side.get("projections"), dict):
        query_side["projections"] = [
            {"name": name, **settings} if isinstance(settings, dict) else settings
            for name, settings in query_side["projections"].items()
        ]


def _override(path: str, values: dict[str, Any], variable: str, text: str) -> str:
    *sections, last = variable.removeprefix(PREFIX).split("__")
    place: Any = values
    spelled = ["cqrs"]
    for section in sections:
        key = _existing(place, section)
        if place.get(key) is None:
            place[key] = {}
        place = place[key]
        spelled.append(key)
        if not isinstance(place, dict):
            raise WrongConfiguration(path, [f"{variable}: {'.'.join(spelled)} ends"])
    key = _existing(place, last)
    try:
        place[key] = yaml.safe_load(text)
    except yaml.YAMLError:
        place[key] = text
    return ".".join([*spelled, key])


def _existing(place: dict[str, Any], name: str) -> str:
    """The key that stands there already, whatever its case; else in lower case."""
    for key in place:
        if str(key).lower() == name.lower():
            return str(key)
    return name.lower()
