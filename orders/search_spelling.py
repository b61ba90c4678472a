"""Misspelt words, and the words of orders that they may have meant."""

from collections.abc import Iterator, Mapping, Sequence

from django.db import connections

from orders import search_words
from projections import reading

# Characters of a word that is corrected, at least; from so many letters on a word may
# be two letters off, a shorter one is one off.
SHORTEST_MISSPELT = 4
TWO_OFF_FROM = 7
# Words of a search that are corrected, and corrections of each.
MOST_CORRECTED = 8
MOST_CORRECTIONS = 8
LETTERS = "abcdefghijklmnopqrstuvwxyz"

KNOWN = """
SELECT asked
FROM unnest(%s::text[]) AS asked
WHERE EXISTS (
    SELECT FROM orders_search_word w
    WHERE w.word >= asked COLLATE "C"
      AND w.word < (asked || chr(1114111)) COLLATE "C"
      AND w.orders > 0
)
"""
# What is one letter off is among `edits`; of what is further off, trigrams find most.
NEAR = """
SELECT word, orders
FROM orders_search_word
WHERE (word = ANY(%(edits)s) OR word %% %(asked)s) AND orders > 0
ORDER BY word = ANY(%(edits)s) DESC, similarity(word, %(asked)s) DESC, word
LIMIT 50
"""

# A misspelt word -> what it may have meant, the likeliest first.
Corrections = Mapping[str, Sequence[str]]


def corrections(words: Sequence[str]) -> Corrections:
    """For those of the words with which no word of any order begins."""
    asked = [each for each in dict.fromkeys(words) if _may_be_misspelt(each)]
    unknown = _unknown(asked)[:MOST_CORRECTED]
    return {word: _near(word) for word in unknown}


def distance(one: str, other: str) -> int:
    """Letters left out, put in, exchanged, or swapped with their neighbour, that make
    one word of the other (optimal string alignment).
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, wanted in enumerate(other, start=1):
            steps = min(
                last[column] + 1,
                line[-1] + 1,
                last[column - 1] + (letter != wanted),
            )
            swapped = (
                row > 1
                and column > 1
                and letter == other[column - 2]
                and one[row - 2] == wanted
            )
            if swapped:
                steps = min(steps, before[column - 2] + 1)
            line.append(steps)
        before, last = last, line
    return last[-1]


def _may_be_misspelt(word: str) -> bool:
    return search_words.is_correctable(word) and len(word) >= SHORTEST_MISSPELT


def _unknown(words: Sequence[str]) -> list[str]:
    if not words:
        return []
    with connections[reading.alias()].cursor() as cursor:
        cursor.execute(KNOWN, [list(words)])
        known = {word for (word,) in cursor.fetchall()}
    return [each for each in words if each not in known]


def _near(word: str) -> list[str]:
    with connections[reading.alias()].cursor() as cursor:
        cursor.execute(NEAR, {"asked": word, "edits": list(_edits(word))})
        found = cursor.fetchall()
    allowed = 2 if len(word) >= TWO_OFF_FROM else 1
    measured = [(distance(word, each), -orders, each) for each, orders in found]
    return [each for off, _, each in sorted(measured) if off <= allowed][
        :MOST_CORRECTIONS
    ]


def _edits(word: str) -> Iterator[str]:
    """All that is one letter off (after P. Norvig, "How to write a spelling
    corrector").
    """
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        for letter in LETTERS:
            yield head + letter + tail
        if tail:
            yield head + tail[1:]
            for letter in LETTERS:
                yield head + letter + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
