"""Items that are named in the text of a problem. Text only suggests an item, unlike a code.

If an item is negated ("no", "family history of", "ruled out"), the text is understood as something
else.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from clinical.chart.codes.tables import rows
from shared.patterns import pattern

# Words that negate what follows them in the same clause. "History of" doesn't negate.
_NEGATIONS = (
    r"family|fam|fhx?|relatives?|mother|father|risk|screening|(ruled?|rules) out|r/o"
    r"|no(?! longer)|not(?! only)|denies|denied|without|w/o|negative|never"
)
_BEFORE = pattern(rf"\b({_NEGATIONS})\b[^,;.]*$")
# Words that negate what comes right before them: "stroke in the mother", "angina was ruled out".
_AFTER = pattern(
    r"\W*((in|of|on|the|his|her|their|was|were|is|has|been)\W+){0,3}"
    r"(family|fam|fhx?|relatives?|mother|father|risk|screening|(ruled?|rules) out|r/o)\b"
)
# A whole text of one clause: "allergy to aspirin (finding)", "statin intolerance".
_HARM = re.compile(
    r"(history of |h/o )?(allerg|adverse|intoleran|poisoning|overdose|underdos|toxic)[^,;.]*"
    r"|[^,;.]* (allergy|intolerance|poisoning|overdose|toxicity)( \(\w+\))?"
)
_WORD = re.compile(r"\w+")
_JOINS = r"(?!and\b|or\b|with\b|in\b|due\b|on\b)"

Span = tuple[int, int]


class _Words:
    """The words of one item, and those around them that make them something else."""

    def __init__(self, words: str, other: str) -> None:
        self._words = pattern(rf"\b(?=[{_starts(words)}])(?:{words})\b") if words else None
        self._has_other = bool(other)
        other = other or "(?!)"
        self._before = pattern(rf"\b({other})\W*({_JOINS}\w+[ -]+){{0,2}}$")
        # Inverted, it ends the clause: "hypertension, portal".
        self._after = pattern(rf"[\s(-]*({other})\b|,\s*({other})\s*($|[,;.])")
        self._within = pattern(other)

    def affirmed(self, plain: str, lower: str, capitals: Iterable[Span]) -> bool | None:
        """Return whether a name affirms the item anywhere, or None if it doesn't name it.

        `plain` and `lower` are the name without accents and as it is; `capitals` are places in it.
        """
        words = self._words.finditer(plain) if self._words else ()
        places = [(plain, *one.span()) for one in words] + [(lower, *one) for one in capitals]
        return any(self._is_affirmed(*place) for place in places) if places else None

    def _is_affirmed(self, text: str, start: int, end: int) -> bool:
        clause = text[max(text.rfind(mark, 0, start) for mark in ",;.") + 1 : start]
        after = text[end:]
        if _BEFORE.search(clause) or _AFTER.match(after):
            return False
        return not self._has_other or not (
            self._before.search(clause)
            or self._after.match(after)
            or self._within.match(text, start)
        )


def _starts(words: str) -> str:
    """Return characters that include any with which a match starts: a cheap look before words."""
    if re.search(r"(?:^|\|)\(*\\w", words):
        return r"\w"
    return "".join(sorted(set(re.findall(r"(?<![a-z0-9])[a-z0-9]|(?<=\[)[a-z0-9]+", words))))


def named_in(names: Iterable[str]) -> Mapping[str, str | None]:
    """Return the items in one problem's names, each with the name that affirms it.

    The value is None if one of the names negates the item.
    """
    items: dict[str, str | None] = {}
    by_item, of_capitals = _words()
    for name in names:
        plain, lower = folded(name), name.lower()
        capitals: dict[str, list[Span]] = defaultdict(list)
        for word in _WORD.finditer(name):
            for item in of_capitals.get(word[0], ()):
                capitals[item].append(word.span())
        for item, words in by_item.items():
            affirmed = words.affirmed(plain, lower, capitals.get(item, ()))
            if affirmed is not None and items.get(item, name) is not None:
                items[item] = items.get(item, name) if affirmed else None
    return items


def is_of_harm(name: str) -> bool:
    """Return whether a text is about harm from a drug, such as an allergy, not about treatment."""
    return _HARM.fullmatch(folded(name)) is not None


def is_plain_problem(name: str) -> bool:
    """Return whether the entire text is one of the common problems that aren't items."""
    return folded(name).strip(" .") in _plain_problems()


def folded(text: str) -> str:
    """Return a text in lower case without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.lower())
    return "".join(one for one in apart if not unicodedata.combining(one))


@cache
def _words() -> tuple[Mapping[str, _Words], Mapping[str, list[str]]]:
    """Return the words of every item, in all languages together, and the items of capitals."""
    columns = ("words", "not")
    by_item: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    of_capitals: dict[str, list[str]] = defaultdict(list)
    for row in rows("words"):
        for item in row["item"].split():
            for column in columns:
                by_item[item][column] += filter(None, [row.get(column)])
            for word in filter(None, row.get("capitals", "").split("|")):
                of_capitals[word].append(item)
    words = {
        item: _Words(*("|".join(by_column[column]) for column in columns))
        for item, by_column in by_item.items()
    }
    return words, dict(of_capitals)


@cache
def _plain_problems() -> frozenset[str]:
    return frozenset(row["text"] for row in rows("plain_problems"))
