"""The items that a code is evidence for: ICD-10 and ICD-9-CM by prefix, SNOMED CT by concept.

ICD is a closed classification, in which every code has one place. So a well-formed code that isn't
on a list is something else. For SNOMED CT, only the listed concepts are known.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

from clinical.chart.codes.diagnoses import SOMETHING_ELSE
from clinical.chart.codes.observations import SMOKING_ANSWERS
from clinical.chart.codes.systems import System
from clinical.chart.codes.tables import listed, rows
from shared.patterns import pattern

# For each item, whether a code counts (True) or only suggests (False).
ItemsOfCode = Mapping[str, bool]

_ICD10 = pattern(r"[A-Z][0-9][0-9A-Z]{1,5}")
_ICD9 = pattern(r"[0-9]{3,5}|V[0-9]{2,4}|E[0-9]{3,4}")
_SNOMED = pattern(r"[0-9]{6,18}")
# ICD-10's dagger, asterisk and exclamation mark, and the dash of a category.
_MARKS = "+*!-\N{DAGGER}"
_EDITIONS: Mapping[System, tuple[str, ...]] = {
    System.ICD10: ("", "other"),
    System.ICD10CM: ("", "cm"),
    System.ICD9CM: ("9",),
}
_ANY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def of_icd(system: System, code: str) -> ItemsOfCode | None:
    """Return the items of an ICD-10 or ICD-9-CM code, or None if it isn't well formed."""
    plain = code.upper().replace(".", "").replace(" ", "").rstrip(_MARKS)
    form = _ICD9 if system is System.ICD9CM else _ICD10
    if not form.fullmatch(plain):
        return None
    begun = [plain[:length] for length in range(3, len(plain) + 1)]
    counts, suggests, but = (
        {item for prefix in begun for item in _prefixes(system, column).get(prefix, ())}
        for column in ("counts", "suggests", "but")
    )
    return dict.fromkeys(suggests, False) | dict.fromkeys(counts - but, True)


def of_snomed(code: str) -> ItemsOfCode | None:
    """Return the items of a listed concept, {} for others, or None if it isn't a concept id."""
    return _concepts().get(code, {}) if _SNOMED.fullmatch(code) else None


@cache
def _prefixes(system: System, column: str) -> Mapping[str, tuple[str, ...]]:
    """Return the items of every prefix in one column."""
    items: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for row in rows("icd"):
        if row.get("edition", "") in _EDITIONS[system]:
            for pattern in listed(row, column):
                for prefix in _expanded(pattern.replace(".", "")):
                    items[prefix] += (row["item"],)
    return items


def _expanded(pattern: str) -> Iterator[str]:
    """Yield the prefixes that `I60-I62` or `K29x1` stands for."""
    first, _, last = pattern.partition("-")
    if last:
        # The ends of a range differ in their last character, or in their last two.
        head = first[:-1] if first[:-1] == last[:-1] else first[:-2]
        endings = _ANY if head == first[:-1] else (one + two for one in _ANY for two in _ANY)
        yield from (head + ending for ending in endings if first <= head + ending <= last)
    elif "x" in pattern:
        yield from (pattern.replace("x", one) for one in _ANY)
    else:
        yield pattern


@cache
def _concepts() -> Mapping[str, ItemsOfCode]:
    concepts: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in rows("snomed"):
        for column in ("suggests", "counts"):
            for concept in listed(row, column):
                concepts[concept][row["item"]] = column == "counts"
    # The problem list may have a smoking status too.
    for concept, smokes in SMOKING_ANSWERS.items():
        concepts[concept]["smoker_in_problems" if smokes else SOMETHING_ELSE] = True
    return concepts
