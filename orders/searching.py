"""A search as conditions on orders_order_search, by what matters most."""

from collections.abc import Sequence
from dataclasses import dataclass

from orders import search_spelling, search_words
from orders.search_spelling import Corrections

LONGEST_SEARCH = 200  # characters
# A word begins what is found from so many bytes on: shorter ones, such as "a", begin
# half of all words, and are found as they are.
SHORTEST_PREFIX = 3

EXACT = "(identifiers @@ %(exact)s::tsquery)"
NAMED = "(names @@ %(all)s::tsquery)"
# `any` is in the index, and keeps the rest from being looked at in every row.
NOTED = "(notes @@ %(any)s::tsquery AND (names || notes) @@ %(all)s::tsquery)"


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL over the columns of orders_order_search, and its parameters.

    is_selective: it is the equality of a lexeme, which the index answers at once.
    """

    sql: str
    parameters: dict[str, str]
    is_selective: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """every: all that is found; in_turn: the same orders, those that come first in the
    first, none in two.
    """

    every: Condition
    in_turn: Sequence[Condition]


def search(text: str) -> Search:
    """First orders of which an identifier is exactly what is asked for, then those
    whose identifiers and names have all words, then those that need their notes for it.

    A word finds those it begins, and if it begins none, those it may be a misspelling
    of. text: up to LONGEST_SEARCH characters, of which `search_words.chunks` is not [].
    """
    chunks = search_words.chunks(text)
    # Dashes between words and the like are no more than that.
    chunks = [each for each in chunks if search_words.words(each)] or chunks
    words = [word for chunk in chunks for word in search_words.words(chunk)]
    near = search_spelling.corrections(words)
    found = [_found(chunk, near) for chunk in chunks]
    parameters = {
        "exact": _exact(search_words.identifier(text), chunks),
        "all": " & ".join(found),
        "any": " | ".join(found),
    }
    return Search(
        every=Condition(f"({EXACT} OR {NAMED} OR {NOTED})", parameters),
        in_turn=[
            Condition(EXACT, parameters, is_selective=True),
            Condition(f"({NAMED} AND NOT {EXACT})", parameters),
            Condition(f"({NOTED} AND NOT {NAMED} AND NOT {EXACT})", parameters),
        ],
    )


def _exact(whole: str, chunks: Sequence[str]) -> str:
    """The whole text is an identifier, or each of its words is one."""
    each = " & ".join(map(search_words.quoted, chunks))
    return f"{search_words.quoted(whole)} | ({each})"


def _found(chunk: str, near: Corrections) -> str:
    """The chunk begins a word or an identifier; or all its words are there."""
    words = search_words.words(chunk)
    if words == [chunk]:
        return _one_word(chunk, near)
    if not words:
        return _beginning(chunk)
    all_words = " & ".join(_one_word(each, near) for each in words)
    return f"({_beginning(chunk)} | ({all_words}))"


def _one_word(word: str, near: Corrections) -> str:
    others = map(search_words.quoted, near.get(word, ()))
    return f"({' | '.join([_beginning(word), *others])})"


def _beginning(text: str) -> str:
    is_long = len(text.encode()) >= SHORTEST_PREFIX
    return search_words.quoted(text) + (":*" if is_long else "")
