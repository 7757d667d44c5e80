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
_JOINS = r"(?!and\b|or\b|with\b|in\b|due\b|on\b)"


class _Words:
    """The words of one item, and those around them that make them something else."""

    def __init__(self, words: str, capitals: str, other: str) -> None:
        self._words = pattern(rf"\b({words or '(?!)'})\b")
        self._capitals = pattern(rf"\b({capitals or '(?!)'})\b")
        other = other or "(?!)"
        self._before = pattern(rf"\b({other})\W*({_JOINS}\w+[ -]+){{0,2}}$")
        # Inverted, it ends the clause: "hypertension, portal".
        self._after = pattern(rf"[\s(-]*({other})\b|,\s*({other})\s*($|[,;.])")
        self._within = pattern(other)

    def affirmed(self, name: str, plain: str) -> bool | None:
        """Return whether a name affirms the item anywhere, or None if it doesn't name it."""
        matches = [*self._words.finditer(plain), *self._capitals.finditer(name)]
        return any(map(self._is_affirmed, matches)) if matches else None

    def _is_affirmed(self, match: re.Match[str]) -> bool:
        text = match.string.lower()
        clause = re.split(r"[,;.]", text[: match.start()])[-1]
        after = text[match.end() :]
        return not (
            _BEFORE.search(clause)
            or _AFTER.match(after)
            or self._before.search(clause)
            or self._after.match(after)
            or self._within.match(text, match.start())
        )


def named_in(names: Iterable[str]) -> Mapping[str, str | None]:
    """Return the items in one problem's names, each with the name that affirms it.

    The value is None if one of the names negates the item.
    """
    items: dict[str, str | None] = {}
    for name in names:
        plain = folded(name)
        for item, words in _words().items():
            affirmed = words.affirmed(name, plain)
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
def _words() -> Mapping[str, _Words]:
    """Return the words of every item, in all languages together."""
    columns = ("words", "capitals", "not")
    by_item: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows("words"):
        for item in row["item"].split():
            for column in columns:
                by_item[item][column] += filter(None, [row.get(column)])
    return {
        item: _Words(*("|".join(by_column[column]) for column in columns))
        for item, by_column in by_item.items()
    }


@cache
def _plain_problems() -> frozenset[str]:
    return frozenset(row["text"] for row in rows("plain_problems"))
