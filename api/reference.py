"""The OpenAPI document as a page shows it: operations with all that they say."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from api import codes, problems

DEEPEST = 4  # levels of a body that are shown member by member
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A parameter, a member or a header. place: path, query or header."""

    name: str
    kind: str = ""
    place: str = ""
    is_required: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """problems: the codes that it may have; description: of other answers."""

    status: str
    description: str
    problems: Sequence[codes.Code]
    headers: Sequence[Named]
    members: Sequence[Named]
    examples: Sequence[Example]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    paragraphs: Sequence[str]
    scopes: Sequence[str]
    parameters: Sequence[Named]
    members: Sequence[Named]
    examples: Sequence[Example]
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    name: str
    operations: Sequence[Operation]


@cache
def sections() -> list[Section]:
    """The operations by their tag, in the order of the document's tags."""
    generator: Any = SchemaGenerator
    return _sections(generator().get_schema(request=None, public=True))


def _sections(document: Schema) -> list[Section]:
    found: dict[str, list[Operation]] = {each["name"]: [] for each in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = _operation(method.upper(), path, operation, document)
            found[operation["tags"][0]].append(shown)
    return [Section(name=tag, operations=each) for tag, each in found.items()]


def _operation(method: str, path: str, told: Schema, document: Schema) -> Operation:
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    scopes = [scope for each in told["security"] for scope in each.get("apiKey", ())]
    description: str = told.get("description", "")
    return Operation(
        id=told["operationId"],
        method=method,
        path=path,
        summary=told["summary"],
        paragraphs=[each for each in description.split("\n\n") if each],
        scopes=scopes,
        parameters=[_parameter(each) for each in told.get("parameters", ())],
        members=list(_members(body.get("schema", {}), document)),
        examples=_examples(body),
        answers=[
            _answer(status, response, document)
            for status, response in sorted(told["responses"].items())
        ],
    )


def _parameter(told: Schema) -> Named:
    return Named(
        name=told["name"],
        place=told["in"],
        kind=kind(told["schema"]),
        is_required=told.get("required", False),
        description=told.get("description", ""),
    )


def _answer(status: str, told: Schema, document: Schema) -> Answer:
    content = told.get("content", {})
    refused = content.get(problems.MEDIA_TYPE, {}).get("examples", {})
    names = dict.fromkeys(each["value"]["code"] for each in refused.values())
    good = [body for kind, body in content.items() if kind != problems.MEDIA_TYPE]
    return Answer(
        status=status,
        description="" if names else told["description"],
        problems=[codes.get(name) for name in names],
        headers=[
            Named(name=name, description=each["description"])
            for name, each in told.get("headers", {}).items()
        ],
        members=[
            each
            for body in good[:1]
            for each in _members(body.get("schema", {}), document)
        ],
        examples=[example for body in good for example in _examples(body)],
    )


def _examples(content: Schema) -> list[Example]:
    return [
        Example(name=each.get("summary", name), text=_text(each["value"]))
        for name, each in content.get("examples", {}).items()
    ]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _members(
    schema: Schema, document: Schema, prefix: str = "", depth: int = 0
) -> Iterator[Named]:
    """Each member of an object by its path, such as `lines[].sku`."""
    schema = _resolved(schema, document)
    required = set(schema.get("required", ()))
    if depth == DEEPEST:
        return
    for name, told in schema.get("properties", {}).items():
        inner = _resolved(told, document)
        path = f"{prefix}{name}"
        yield Named(
            name=path,
            kind=kind(inner),
            is_required=name in required,
            description=told.get("description", ""),
        )
        nested = inner.get("items") if inner.get("type") == "array" else inner
        sign = "[]." if inner.get("type") == "array" else "."
        yield from _members(nested or {}, document, f"{path}{sign}", depth + 1)


def _resolved(schema: Schema, document: Schema) -> Schema:
    """What a reference stands for; of an `allOf` its only part."""
    if parts := schema.get("allOf"):
        return _resolved(parts[0], document)
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    found: Schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    return _resolved(found, document)


def kind(schema: Schema) -> str:
    """A schema in a few words: `string, 1 to 64 characters`."""
    if words := schema.get("enum"):
        return "one of " + ", ".join(f"`{word}`" for word in words)
    if either := schema.get("oneOf") or schema.get("anyOf"):
        return " or ".join(_name(each) for each in either)
    told = [_name(schema)]
    if schema.get("type") == "array":
        told = [f"array of {_name(schema.get('items', {}))}"]
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
    ):
        if least in schema and most in schema:
            told.append(f"{schema[least]} to {schema[most]}{unit}")
        elif least in schema:
            told.append(f"at least {schema[least]}{unit}")
    if "default" in schema:
        told.append(f"default `{_text(schema['default'])}`")
    return ", ".join(told)


def _name(schema: Schema) -> str:
    reference: str = schema.get("$ref", "")
    type: Any = schema.get("type", "anything")
    named = type if isinstance(type, str) else " or ".join(type)
    return reference.rpartition("/")[2] or str(schema.get("format", named))
