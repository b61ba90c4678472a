"""What can be searched for: the words of texts, the same for orders and for queries.

Words are runs of letters and digits, without case, accents and apostrophes. Accents are
taken off here and not by the extension `unaccent`: rows and queries always agree, and a
rebuild gives the same rows on every server.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

# A lexeme may have 2,046 bytes; nobody asks for a word longer than this. Characters.
LONGEST_WORD = 64
LONGEST_IDENTIFIER = 128
# A tsvector may have 1 MiB: what comes last is left out beyond half of it, counted with
# what each word needs beside itself. Bytes.
LARGEST_VECTOR = 512 * 1024
BESIDE_A_WORD = 8

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'`\u2019\u02bc"))
# Letters that Unicode does not take for others with an accent.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i"}  # dotless i
    | {"æ": "ae", "œ": "oe", "þ": "th"}
)


class Lexemes(NamedTuple):
    """Of an order, by what matters most; words of identifiers are among the names."""

    identifiers: list[str]
    names: list[str]
    notes: list[str]


def normal(text: str) -> str:
    """Without case, accents and apostrophes."""
    if text.isascii():
        return text.lower().translate(_APOSTROPHES)
    bare = "".join(
        each
        for each in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(each)
    )
    return bare.casefold().translate(_APOSTROPHES).translate(_LETTERS)


def words(text: str) -> list[str]:
    """The words of a text, in its order."""
    return [each[:LONGEST_WORD] for each in _WORD.findall(normal(text))]


def chunks(text: str) -> list[str]:
    """What stands between the spaces of a search, once each; [] if it asks nothing."""
    found = dict.fromkeys(normal(text).split())
    return [each[:LONGEST_IDENTIFIER] for each in found]


def identifier(text: str) -> str:
    """An identifier as a whole, to be found by all of it, in any case."""
    return " ".join(normal(text).split())[:LONGEST_IDENTIFIER]


def distinct(lexemes: Iterable[str]) -> list[str]:
    """Each once, as many as a tsvector may have."""
    found: dict[str, None] = {}
    left = LARGEST_VECTOR
    for lexeme in lexemes:
        if lexeme and lexeme not in found:
            left -= len(lexeme.encode()) + BESIDE_A_WORD
            if left < 0:
                break
            found[lexeme] = None
    return list(found)


def vector(lexemes: Iterable[str]) -> str:
    """Distinct lexemes as PostgreSQL reads a tsvector."""
    return " ".join(map(quoted, lexemes))


def quoted(lexeme: str) -> str:
    """A lexeme in the text of a tsvector or a tsquery."""
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def is_correctable(word: str) -> bool:
    """Whether a misspelling of the word may be corrected: not of numbers, nor of words
    so short that everything is near them.
    """
    return word.isalpha() and 3 <= len(word) <= 32
