"""The drugs named in a text, as people write them: whole words, ignoring case and accents.

Nonproprietary names and brands count. Words for a kind of drug, stems of nonproprietary names and
words one edit away from a name only suggest a class. The lists have their sources.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from clinical.chart.codes.tables import Row, listed, rows
from shared.frozen import dataclass

# Shorter words resemble a name too often by chance.
_SHORTEST_GUESS = 7
# Outside an order, ASA, ASS and VKA may stand for something else.
_LONGEST_SHORT_FORM = 3
# The "'t" of "don't" isn't the T of "1 T daily".
_WORD = re.compile(r"5-asa|d/c\b|['’]t\b|[a-z]+")
_CLAUSE = re.compile(r"[,;.]")
# After a drug's name. "Hold if" only limits an order, and "allergic to" is about another drug.
_NOT_TAKEN = re.compile(
    r"\b(?:not|no longer|never)(?: currently| been)? (?:taking|taken|given|tolerated|started)\b"
    r"|(?<!until )\b(?:discontinued|stopped|canceled|cancelled|d/?c d)\b"
    r"|\bon hold\b|(?<!be )\bheld\b|\bhold$"
    r"|\b(?:declines|declined|refuses|refused)\b|\bcontraindicat(?:ion|ed)\b(?! in pregnan)"
    r"|\b(?:allergy|allergic|intolerance|intolerant)\b(?! (?:to|of)\b)"
)
MAYBE_NOT_ORDERED = "its text may say that the drug isn't ordered"


@dataclass(frozen=True, slots=True)
class Named:
    """The drug class of a name or code; `why` tells why it only suggests the class."""

    item: str
    why: str = ""


# The places of the first and the last word of a name in a text, and its classes.
_Place = tuple[int, int, tuple[Named, ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """The drug classes that a text names. Without a class, `known` means another drug."""

    named: tuple[Named, ...]
    known: bool


def read(text: str) -> Reading:
    """Return the drug classes that a text names; guesses only suggest.

    So does a name that the text may negate, as in "no lisinopril": the text isn't understood well
    enough to tell that the drug isn't ordered, only that it may not be.
    """
    words = _words(text)
    phrases = list(_phrases_in(words))
    # In "aspirin free", aspirin isn't the drug.
    others = {at for first, last, named in phrases if not named for at in range(first, last + 1)}
    found = (
        (at, at, _classes_of_word(word, first=at == 0))
        for at, word in enumerate(words)
        if at not in others
    )
    places = [(first, last, named) for first, last, named in found if named is not None]
    places += phrases
    return Reading(tuple(_suggested_if_negated(words, places)), bool(places))


def _suggested_if_negated(words: list[str], names: list[_Place]) -> Iterator[Named]:
    lexicon = _lexicon()
    if lexicon.not_ordered.isdisjoint(words):
        yield from (one for *_, named in names for one in named)
        return
    passed = {at for at, word in enumerate(words) if word in lexicon.between}
    passed.update(*(range(first, last + 1) for first, last, _ in names))
    for first, last, named in names:
        before = next((words[at] for at in range(first - 1, -1, -1) if at not in passed), "")
        if before in lexicon.not_ordered or _NOT_TAKEN.search(" ".join(words[last + 1 :])):
            yield from (Named(one.item, one.why or MAYBE_NOT_ORDERED) for one in named)
        else:
            yield from named


def classes_named(text: str) -> tuple[str, ...]:
    """Return the drug classes that a text about something else names explicitly.

    A clause that says that a drug isn't taken or tolerated names none.
    """
    return tuple(dict.fromkeys(one.item for clause in _CLAUSE.split(text) for one in _in(clause)))


def _in(clause: str) -> Iterator[Named]:
    words = _words(clause)
    lexicon = _lexicon()
    if not lexicon.not_taken.intersection(words):
        long = (word for word in words if len(word) > _LONGEST_SHORT_FORM)
        phrases = (named for *_, named in _phrases_in(words))
        for named in (*(lexicon.words.get(word) or () for word in long), *phrases):
            yield from named


@cache
def ingredients() -> Mapping[str, tuple[Named, ...]]:
    """Return the classes of every ingredient in drug_names.json, by name."""
    known: dict[str, tuple[Named, ...]] = defaultdict(tuple)
    for row in rows("drug_names"):
        known[row["name"]] += _named(row)
    return known


def of_ingredients(row: Row) -> tuple[Named, ...]:
    """Return the classes of a row's ingredients; if the row only suggests, so do they."""
    known = (one for name in row["of"].split(", ") for one in ingredients()[name])
    why = row.get("why", "")
    return tuple(dict.fromkeys(Named(one.item, why) if why else one for one in known))


def _named(row: Row) -> tuple[Named, ...]:
    return tuple(Named(item, row.get("why", "")) for item in listed(row, "item"))


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The classes of words, phrases, endings and parts of words; without a class: another drug.

    Phrases are keyed by their first word.
    """

    words: Mapping[str, tuple[Named, ...]]
    phrases: Mapping[str, list[tuple[tuple[str, ...], tuple[Named, ...]]]]
    endings: Mapping[str, tuple[Named, ...]]
    parts: Mapping[str, tuple[Named, ...]]
    first: frozenset[str]
    plain: frozenset[str]
    not_taken: frozenset[str]
    not_ordered: frozenset[str]
    between: frozenset[str]
    beginnings: tuple[str, ...]
    other_endings: tuple[str, ...]


@cache
def _lexicon() -> _Lexicon:
    whole: dict[str, tuple[Named, ...]] = {}
    for other in rows("other_drugs"):
        whole |= dict.fromkeys((*listed(other, "names"), *_one(other, "phrase")), ())
    for brand in rows("drug_brands"):
        whole[_plain(brand["brand"])] = of_ingredients(brand)
    endings: dict[str, tuple[Named, ...]] = {}
    parts: dict[str, tuple[Named, ...]] = {}
    for row in rows("drug_words"):
        for column, entries in (("words", whole), ("ending", endings), ("part", parts)):
            for key in _one(row, column):
                entries[key] = (*entries.get(key, ()), *_named(row))
    for row in rows("drug_names"):
        for name in _names_of(row):
            whole |= dict.fromkeys(_forms(name), ingredients()[row["name"]])
    phrases = defaultdict(list)
    for key in filter(lambda key: " " in key, whole):
        phrases[key.split()[0]].append((tuple(key.split()), whole[key]))
    others = rows("other_drugs")
    return _Lexicon(
        words={key: named for key, named in whole.items() if " " not in key},
        phrases=phrases,
        endings=endings,
        parts=parts,
        first=_all(others, "first"),
        plain=_all(others, "plain"),
        not_taken=_all(rows("drug_words"), "not taken"),
        not_ordered=_all(rows("drug_words"), "not ordered"),
        between=_all(rows("drug_words"), "between"),
        beginnings=tuple(_all(others, "beginnings")),
        other_endings=tuple(_all(others, "endings")),
    )


def _names_of(row: Row) -> tuple[str, ...]:
    return row["name"], *filter(None, row.get("also", "").split(", "))


def _one(row: Row, column: str) -> tuple[str, ...]:
    return (row[column],) if column in row else ()


def _all(lists: Iterable[Row], column: str) -> frozenset[str]:
    return frozenset(word for row in lists for word in listed(row, column))


def _forms(name: str) -> tuple[str, ...]:
    """Return a nonproprietary name with its English, French and Latin endings."""
    stem = name.removesuffix("e")
    return name, stem, f"{stem}e", f"{stem}um"


def _plain(text: str) -> str:
    """Return the words of a text, separated by spaces."""
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    folded = text.casefold()
    if not folded.isascii():
        marked = unicodedata.normalize("NFKD", folded)
        folded = "".join(one for one in marked if not unicodedata.combining(one))
    return _WORD.findall(folded)


def _phrases_in(words: list[str]) -> Iterator[_Place]:
    """Yield the places of the first and the last word of each phrase, with its classes."""
    phrases = _lexicon().phrases
    for first, word in enumerate(words):
        for phrase, named in phrases.get(word, ()):
            if tuple(words[first : first + len(phrase)]) == phrase:
                yield first, first + len(phrase) - 1, named


def _classes_of_word(word: str, *, first: bool) -> tuple[Named, ...] | None:
    """Return the classes of a word: empty for another drug, None if it isn't understood."""
    lexicon = _lexicon()
    if (named := lexicon.words.get(word)) is not None:
        return named
    if first and word in lexicon.first:
        return ()
    return None if word in lexicon.plain else _guessed(word)


def _guessed(word: str) -> tuple[Named, ...] | None:
    """Return the classes of a word that isn't on a list."""
    # The word may lack a letter.
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
    """Yield the classes of names that are one changed, added, missing or swapped letter away."""
    # One edit leaves the beginning or the end of a word unchanged.
    for name in sorted({*_spelled().get(word[:3], ()), *_spelled().get(f"-{word[-3:]}", ())}):
        if _is_one_edit(word, name):
            for one in _lexicon().words[name]:
                yield Named(one.item, f"looks like {name}")


@cache
def _spelled() -> Mapping[str, tuple[str, ...]]:
    """Return the long enough names and brands by their first letters and, with a hyphen, last."""
    known: dict[str, tuple[str, ...]] = defaultdict(tuple)
    listed_names = (name for row in rows("drug_names") for name in _names_of(row))
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
