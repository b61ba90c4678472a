"""Says in one line each what is wrong in the configuration and what is allowed."""

import json
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

# The model's list of projections; faults name the projection, not its number.
PROJECTIONS = ("query_side", "projections")


def lines(
    error: ValidationError,
    model: type[BaseModel],
    values: dict[str, Any],
    sources: dict[str, str],
) -> list[str]:
    """One line per fault in `values`; `sources`: which variable set a dotted key."""
    return [_line(fault, model, values, sources) for fault in error.errors()]


def _line(
    fault: ErrorDetails,
    model: type[BaseModel],
    values: dict[str, Any],
    sources: dict[str, str],
) -> str:
    place = tuple(part for part in fault["loc"] if part != "[key]")
    key = _spelled(place, values)
    origin = f" (set by {sources[key]})" if key in sources else ""
    section, allowed = _allowed(model, place)
    if fault["type"] == "extra_forbidden":
        known = ", ".join(section.model_fields)
        return f"{key}: unknown key{origin}; allowed here: {known}"
    return f"{key} = {_shown(fault['input'])}{origin}: allowed is {allowed}"


def _spelled(place: tuple[int | str, ...], values: dict[str, Any]) -> str:
    named = list(place)
    if place[:2] == PROJECTIONS and len(place) > 2 and isinstance(place[2], int):
        entry = values["query_side"]["projections"][place[2]]
        named[2] = entry["name"] if isinstance(entry, dict) else place[2]
    return ".".join(["cqrs", *map(str, named)])


def _allowed(
    model: type[BaseModel], place: tuple[int | str, ...]
) -> tuple[type[BaseModel], str]:
    """The innermost section that holds `place`, and what its key allows."""
    for depth, part in enumerate(place):
        if place[:depth] == PROJECTIONS:
            continue
        field = model.model_fields.get(str(part))
        if field is None:
            return model, ""
        inner = [field.annotation, *get_args(field.annotation)]
        sections = [one for one in inner if _is_section(one)]
        if not sections:
            return model, field.description or ""
        model = sections[0]
    return model, "a section with " + ", ".join(model.model_fields)


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
