"""Classification of chart entries: evidence for items, something else, or unclassified.

Diagnoses and drugs are classified in the same way, each with its own lists, once for page, cards
and notes. An unclassified entry leaves open every item that it could be. An item is "not found"
only if every entry of its search was classified.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from clinical.chart.evidence import Candidate, Flag, Unclassified
from clinical.chart.resources.json_access import Coding
from shared.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """One item that an entry is evidence for, by `code`, or by its words if that's None.

    `flag` and `why` tell why it only suggests the item; without a flag, it counts. `charted` is
    the part of the entry that names the item, or "" for the entire entry.
    """

    item: str
    code: Coding | None = None
    flag: Flag | None = None
    why: str = ""
    charted: str = ""


@dataclass(frozen=True, slots=True)
class Classification:
    """The items of one entry. A known entry without claims is something else."""

    claims: tuple[Claim, ...] = ()
    known: bool = True


UNCLASSIFIED = Classification(known=False)


@dataclass(frozen=True, slots=True)
class Classified:
    """The entries of one search that could count: their number, and the unclassified ones."""

    entries: int = 0
    unclassified: tuple[Unclassified, ...] = ()


Candidates = defaultdict[str, list[Candidate]]
K = TypeVar("K")

# Reading so much text takes about a second. No chart has thousands of different problems or drugs.
_MOST_CHARACTERS = 400_000
# Reading a short name takes as long as that many characters of a long one.
_A_NAME = 50


def classify_each(
    entries: Iterable[K],
    names: Callable[[K], Iterable[str]],
    classify: Callable[[K], Classification],
) -> Mapping[K, Classification]:
    """Classify different entries, each once, because charts repeat problems and drugs.

    If they have too much text, the longest ones are unclassified, whatever their order.
    """
    length = {
        one: sum(len(name) + _A_NAME for name in names(one)) for one in dict.fromkeys(entries)
    }
    left = _MOST_CHARACTERS
    if sum(length.values()) > left:
        length = dict(sorted(length.items(), key=lambda entry: (entry[1], str(entry[0]))))
    known: dict[K, Classification] = {}
    for one, characters in length.items():
        left -= characters
        known[one] = classify(one) if left >= 0 else UNCLASSIFIED
    return known


def by_item(claimed: Iterable[tuple[str, Candidate]]) -> Candidates:
    """Group the candidates by item."""
    candidates: Candidates = defaultdict(list)
    for name, candidate in claimed:
        candidates[name].append(candidate)
    return candidates
