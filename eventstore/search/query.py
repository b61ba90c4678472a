"""Reads a line such as `type:OrderPlaced after:2h data.lines.sku:"TEA 1"`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventstore import store, streams
from eventstore.search import qualifiers
from eventstore.search.errors import BadQuery

LONGEST = 20_000  # characters of a line
MOST_WORDS = 50
DEEPEST = 20  # names in a path of data
DIGITS = 18  # that a bigint holds in any case
_WORD = re.compile(
    r'\s*(?:(?P<name>[^\s":]+):)?(?:"(?P<quoted>(?:[^"\\]|\\.)*)"(?=\s|$)'
    r'|(?P<plain>[^\s"]\S*))?',
    re.DOTALL,
)
_BOUNDS = ("after", "before")
_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_NOTES = {
    "personal": "Personal texts are stored encrypted: no search finds them.",
    "stored": "Data are searched as they are stored, in the form of their time.",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A qualifier with its value.

    A term that stands alone became position, type, named (the id of an event or of what
    a stream is about) or prefix (how a stream's name begins).
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """words: checked, those of one name are alternatives. notes: sentences to show.

    after, before: positions that are excluded; since: from this time on; until: before.
    """

    text: str
    words: tuple[Word, ...]
    after: int | None = None
    before: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def asks_for_data(self) -> bool:
        return any(each.name.startswith("data.") for each in self.words)

    def values(self, name: str) -> list[str]:
        return [each.value for each in self.words if each.name == name]


def parse(text: str, *, now: datetime) -> Query:
    """What a line asks for; an empty one for everything. now: aware, for `2h` ago.

    Raises BadQuery, which names the word and what is allowed.
    """
    words = list(_words(_checked(text)))
    if len(words) > MOST_WORDS:
        raise BadQuery(f"More than {MOST_WORDS} words.", word=words[MOST_WORDS].value)
    others = tuple(_valid(each) for each in words if each.name not in _BOUNDS)
    # The narrowest of each.
    after, before = (_bounds(words, name, now) for name in _BOUNDS)
    return Query(
        text=text.strip(),
        words=others,
        after=max(after.positions, default=None),
        before=min(before.positions, default=None),
        since=max(after.times, default=None),
        until=min(before.times, default=None),
        notes=tuple(_notes(others)),
    )


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise BadQuery(f"Longer than {LONGEST:,} characters.", word=text[:20] + "…")
    if "\0" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise BadQuery("It has a character that no stored text has.", word=text[:20])
    return text


def _words(text: str) -> Iterator[Word]:
    text = text.rstrip()
    place = 0
    while place < len(text):
        found = _WORD.match(text, place)
        rest = text[place:].strip()[:40]
        if found is None or found.end() == place or text[found.end() :][:1] == '"':
            raise BadQuery(f"A quotation mark is not closed: {rest}", word=rest)
        name, quoted, plain = found.group("name", "quoted", "plain")
        if quoted is None and plain is None:
            raise BadQuery(
                f'{name}: needs a value right behind the colon, or closed in "…".',
                word=f"{name}:",
            )
        value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.S)
        yield Word(name or "", value)
        place = found.end()


def _valid(word: Word) -> Word:
    match word.name:
        case "":
            return _alone(word.value)
        case "position":
            return Word("position", str(_number(word, most=10**DIGITS)))
        case "version":
            return Word("version", str(_number(word, most=store.MAX_VERSION)))
        case "id":
            return Word("id", str(_uuid(word)))
        case "type" | "stream" | "customer" | "correlation" | "causation" | "actor":
            return word
    if word.name.startswith("data."):
        path = word.name.split(".")[1:]
        if len(path) > DEEPEST or not all(path):
            message = f"{word.name} is no path such as data.lines.sku."
            raise BadQuery(message, word=word.name)
        return word
    if word.name in {each.name for each in streams.registered()}:
        return Word("stream", _stream(word))
    allowed = [f"{each.name}:" for each in qualifiers.qualifiers()]
    raise BadQuery(
        f"{word.name}: is unknown; there are {' '.join(allowed)}",
        word=f"{word.name}:",
        allowed=allowed,
    )


def _alone(term: str) -> Word:
    """A position, an id, an event type, or how a stream's name begins."""
    if term.isascii() and term.isdecimal() and len(term) <= DIGITS:
        return Word("position", term)
    try:
        return Word("named", str(UUID(term)))
    except ValueError:
        name = "type" if term in qualifiers.type_names() else "prefix"
        return Word(name, term)


def _stream(word: Word) -> str:
    id = word.value.removeprefix(f"{word.name}-")
    try:
        return f"{word.name}-{UUID(id)}"
    except ValueError:
        return f"{word.name}-{id}"


def _number(word: Word, *, most: int) -> int:
    if not (word.value.isascii() and word.value.isdecimal()) or (
        len(word.value) > DIGITS or int(word.value) > most
    ):
        raise BadQuery(
            f"{word.name}:{word.value[:40]} is no whole number up to {most}.",
            word=word.value[:40],
        )
    return int(word.value)


def _uuid(word: Word) -> UUID:
    try:
        return UUID(word.value)
    except ValueError:
        raise BadQuery(
            f"id:{word.value[:40]} is not the id of an event, a UUID.",
            word=word.value[:40],
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    positions: tuple[int, ...]
    times: tuple[datetime, ...]


def _bounds(words: list[Word], name: str, now: datetime) -> _Bounds:
    found = [_bound(each, now) for each in words if each.name == name]
    return _Bounds(
        positions=tuple(each for each in found if isinstance(each, int)),
        times=tuple(each for each in found if isinstance(each, datetime)),
    )


def _bound(word: Word, now: datetime) -> int | datetime:
    if word.value.isascii() and word.value.isdecimal():
        return _number(word, most=10**DIGITS)
    try:
        if ago := _AGO.fullmatch(word.value):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(word.value.upper().replace("Z", "+00:00"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadQuery(
            f"{word.name}:{word.value[:40]} is no position and no time.",
            word=word.value[:40],
            allowed=["4711", "2026-11-24", "2026-11-24T08:30:00Z", "15m", "2h", "3d"],
        ) from None


def _notes(words: tuple[Word, ...]) -> Iterator[str]:
    if any(each.name.startswith("data.") for each in words):
        yield _NOTES["personal"]
        yield _NOTES["stored"]
    types = [type for each in streams.registered() for type in each.events]
    known = {name for each in types for name in each.names}
    for each in words:
        if each.name == "type" and each.value not in known:
            yield f"No registered event type is named {each.value[:100]}."
