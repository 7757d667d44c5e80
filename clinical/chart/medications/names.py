"""Which drugs a text names, as people write them: whole words, in any case, with any accent.

Nonproprietary names and brands count; the words for a kind of drug, the stems of nonproprietary
names and what is one edit away from a name only suggest. Sources stand in the lists.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from clinical.chart.codes.tables import Row, listed, rows

# Shorter words are too often near a name by chance.
_SHORTEST_GUESS = 7
# Elsewhere than in an order ASA, ASS and VKA may be short for something else.
_LONGEST_SHORT_FORM = 3
_WORD = re.compile(r"5-asa|[a-z]+")
_CLAUSE = re.compile(r"[,;.]")


@dataclass(frozen=True, slots=True)
class Named:
    """A drug class that a name or a code is of; `why` says why it only suggests the class."""

    item: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text names; known without a class it is another drug."""

    named: tuple[Named, ...] = ()
    known: bool = False


def read(called: str) -> Reading:
    """The drug classes of which a text names a drug, also by a guess, which suggests."""
    words = _words(called)
    said = [_said(word, first=place == 0) for place, word in enumerate(words)]
    said += _phrases_in(words)
    understood = [one for one in said if one is not None]
    return Reading(tuple(one for named in understood for one in named), bool(understood))


def classes_named(called: str) -> tuple[str, ...]:
    """The drug classes of which a text that is about something else names a drug outright.

    A clause that says that it is not taken, or not borne, names none.
    """
    return tuple(dict.fromkeys(one.item for clause in _CLAUSE.split(called) for one in _in(clause)))


def _in(clause: str) -> Iterator[Named]:
    words = _words(clause)
    lexicon = _lexicon()
    if not lexicon.not_taken.intersection(words):
        long = (word for word in words if len(word) > _LONGEST_SHORT_FORM)
        for named in (*(lexicon.words.get(word) or () for word in long), *_phrases_in(words)):
            yield from named


@cache
def ingredients() -> Mapping[str, tuple[Named, ...]]:
    """The classes of every ingredient of drug_names.json, by its name."""
    return {row["name"]: _named(row) for row in rows("drug_names")}


def of_ingredients(row: Row) -> tuple[Named, ...]:
    """The classes of a row's ingredients; where the row only suggests, they do."""
    known = (one for name in row["of"].split(", ") for one in ingredients()[name])
    why = row.get("why", "")
    return tuple(dict.fromkeys(Named(one.item, why or one.why) for one in known))


def _named(row: Row) -> tuple[Named, ...]:
    return tuple(Named(item, row.get("why", "")) for item in listed(row, "item"))


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """What words, phrases, endings and parts of words say; of no class: another drug.

    Phrases stand by their first word.
    """

    words: Mapping[str, tuple[Named, ...]]
    phrases: Mapping[str, list[tuple[tuple[str, ...], tuple[Named, ...]]]]
    endings: Mapping[str, tuple[Named, ...]]
    parts: Mapping[str, tuple[Named, ...]]
    first: frozenset[str]
    plain: frozenset[str]
    not_taken: frozenset[str]
    beginnings: tuple[str, ...]
    other_endings: tuple[str, ...]


@cache
def _lexicon() -> _Lexicon:
    said: dict[str, tuple[Named, ...]] = {}
    for other in rows("other_drugs"):
        said |= dict.fromkeys((*listed(other, "names"), *_one(other, "phrase")), ())
    for brand in rows("drug_brands"):
        said[_plain(brand["brand"])] = of_ingredients(brand)
    endings: dict[str, tuple[Named, ...]] = {}
    parts: dict[str, tuple[Named, ...]] = {}
    for row in rows("drug_words"):
        for column, told in (("words", said), ("ending", endings), ("part", parts)):
            for key in _one(row, column):
                told[key] = (*told.get(key, ()), *_named(row))
    for row in rows("drug_names"):
        for name in _called(row):
            said |= dict.fromkeys(_forms(name), _named(row))
    phrases = defaultdict(list)
    for key in filter(lambda key: " " in key, said):
        phrases[key.split()[0]].append((tuple(key.split()), said[key]))
    others = rows("other_drugs")
    return _Lexicon(
        words={key: named for key, named in said.items() if " " not in key},
        phrases=phrases,
        endings=endings,
        parts=parts,
        first=_all(others, "first"),
        plain=_all(others, "plain"),
        not_taken=_all(rows("drug_words"), "not taken"),
        beginnings=tuple(_all(others, "beginnings")),
        other_endings=tuple(_all(others, "endings")),
    )


def _called(row: Row) -> tuple[str, ...]:
    return row["name"], *filter(None, row.get("also", "").split(", "))


def _one(row: Row, column: str) -> tuple[str, ...]:
    return (row[column],) if column in row else ()


def _all(lists: Iterable[Row], column: str) -> frozenset[str]:
    return frozenset(word for row in lists for word in listed(row, column))


def _forms(name: str) -> tuple[str, ...]:
    """A nonproprietary name as English, French and Latin end it."""
    stem = name.removesuffix("e")
    return name, stem, f"{stem}e", f"{stem}um"


def _plain(called: str) -> str:
    """The words of a text, with a space between them."""
    return " ".join(_words(called))


def _words(called: str) -> list[str]:
    folded = called.casefold()
    if not folded.isascii():
        marked = unicodedata.normalize("NFKD", folded)
        folded = "".join(one for one in marked if not unicodedata.combining(one))
    return _WORD.findall(folded)


def _phrases_in(words: list[str]) -> Iterator[tuple[Named, ...]]:
    phrases = _lexicon().phrases
    for place, word in enumerate(words):
        for phrase, named in phrases.get(word, ()):
            if tuple(words[place : place + len(phrase)]) == phrase:
                yield named


def _said(word: str, *, first: bool) -> tuple[Named, ...] | None:
    """The classes of a word: none where it names another drug, None where it is not understood."""
    lexicon = _lexicon()
    if (named := lexicon.words.get(word)) is not None:
        return named
    if first and word in lexicon.first:
        return ()
    return None if word in lexicon.plain else _guessed(word)


def _guessed(word: str) -> tuple[Named, ...] | None:
    """The classes of a word that is on no list."""
    # A letter may have been left out.
    if len(word) < _SHORTEST_GUESS - 1:
        return None
    if named := (*_of_stem(word), *_misspelt(word)):
        return named
    lexicon = _lexicon()
    is_other = word.endswith(lexicon.other_endings) or word.startswith(lexicon.beginnings)
    return () if is_other else None


def _of_stem(word: str) -> Iterator[Named]:
    for stem in (word, word.removesuffix("e"), word.removesuffix("um"), f"{word}e"):
        for ending, named in _lexicon().endings.items():
            if stem.endswith(ending):
                yield from named
    for part, named in _lexicon().parts.items():
        if part in word:
            yield from named


def _misspelt(word: str) -> Iterator[Named]:
    """The classes of names that one letter changed, added, left out or exchanged makes of it."""
    # One edit leaves the beginning or the end of a word as it is.
    for name in sorted({*_spelled().get(word[:3], ()), *_spelled().get(f"-{word[-3:]}", ())}):
        if _is_one_edit(word, name):
            for one in _lexicon().words[name]:
                yield Named(one.item, f"looks like {name}")


@cache
def _spelled() -> Mapping[str, tuple[str, ...]]:
    """The names and brands that are long enough, by how they begin and, with a hyphen, end."""
    known: dict[str, tuple[str, ...]] = defaultdict(tuple)
    listed_names = (name for row in rows("drug_names") for name in _called(row))
    for name in (*listed_names, *(_plain(row["brand"]) for row in rows("drug_brands"))):
        if len(name) >= _SHORTEST_GUESS and " " not in name:
            known[name[:3]] += (name,)
            known[f"-{name[-3:]}"] += (name,)
    return known


def _is_one_edit(word: str, name: str) -> bool:
    if len(word) != len(name):
        longer, shorter = (word, name) if len(word) > len(name) else (name, word)
        return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
    differ = [at for at, letter in enumerate(word) if letter != name[at]]
    if len(differ) == 1:
        return True
    swapped = [name[at] for at in reversed(differ)]
    return len(differ) == len("ab") and swapped == [word[at] for at in differ]
