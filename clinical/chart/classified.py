"""What an entry of a chart is: the items that it speaks for, something else, or nobody can tell.

Diagnoses and drugs are classified alike, each by its own lists, once for page, cards and notes. An
entry that nobody can tell leaves open every item that it could be: silence is said only of a search
in which each entry was understood.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from clinical.chart.evidence import Candidate, Flag, Unclassified
from clinical.chart.resources.json_access import Coding


@dataclass(frozen=True, slots=True)
class Claim:
    """One item that an entry speaks for, by `code`, or by its words where that is None.

    `flag` and `why` say why it only suggests the item; without a flag it counts. `charted` is what
    of the entry says so, where that is not the whole of it.
    """

    item: str
    code: Coding | None = None
    flag: Flag | None = None
    why: str = ""
    charted: str = ""


@dataclass(frozen=True, slots=True)
class Classification:
    """What one entry is. Known and without a claim it is something else."""

    claims: tuple[Claim, ...] = ()
    known: bool = True


NOBODY_CAN_TELL = Classification(known=False)


@dataclass(frozen=True, slots=True)
class Classified:
    """The entries of one search that could count: how many, and those that nobody can tell."""

    entries: int = 0
    unclassified: tuple[Unclassified, ...] = ()


Candidates = defaultdict[str, list[Candidate]]


def by_item(claimed: Iterable[tuple[str, Candidate]]) -> Candidates:
    """The candidates of each item; of none where nothing speaks for it."""
    candidates: Candidates = defaultdict(list)
    for name, candidate in claimed:
        candidates[name].append(candidate)
    return candidates
