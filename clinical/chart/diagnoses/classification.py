"""Classification of a problem by its codes and words, in this order.

An ICD-10 or ICD-9-CM code, or a listed SNOMED CT concept, decides. Any other SNOMED CT concept is
classified by its name. So is a local code or a text, which may also be on the list of common
problems that aren't items. Anything else is unclassified.
"""

from collections.abc import Iterator, Sequence

from clinical.chart.classified import UNCLASSIFIED, Claim, Classification
from clinical.chart.codes.diagnoses import (
    KNOWN_CVD,
    NOT_THE_PATIENTS,
    PARTS_OF_KNOWN_CVD,
    SOMETHING_ELSE,
)
from clinical.chart.codes.systems import System, system_of
from clinical.chart.diagnoses import codes_of_items, words
from clinical.chart.evidence import Flag
from clinical.chart.medications import classes_named
from clinical.chart.resources.json_access import Coding, codings, names

_OF_ICD = frozenset({System.ICD10, System.ICD10CM, System.ICD9CM})


def classify(concept: object) -> Classification:
    """Classify the code of a Condition. It also suggests the drugs that it names."""
    coded = [
        (coding, items) for coding in codings(concept) if (items := _items_of(coding)) is not None
    ]
    texts = names(concept)
    of_use = [name for name in texts if not words.is_of_harm(name)]
    drugs = {drug: name for name in of_use for drug in classes_named(name)}
    of_drugs = [_by_words(drug, name) for drug, name in sorted(drugs.items())]
    if any(_decides(coding, items) for coding, items in coded):
        return Classification((*_with_known_cvd(_by_codes(coded)), *of_drugs))
    named = words.named_in(texts)
    by_words = [_by_words(item, name) for item, name in named.items() if name is not None]
    # A terminology's own name, or a known text, classifies the entry, even if as something else.
    if (coded and texts) or named or drugs or any(map(words.is_plain_problem, texts)):
        return Classification((*_with_known_cvd(by_words), *of_drugs))
    return UNCLASSIFIED


def _items_of(coding: Coding) -> codes_of_items.ItemsOfCode | None:
    system = system_of(coding.system)
    if system in _OF_ICD:
        return codes_of_items.of_icd(system, coding.code)
    return codes_of_items.of_snomed(coding.code) if system is System.SNOMED else None


def _decides(coding: Coding, items: codes_of_items.ItemsOfCode) -> bool:
    return bool(items) or system_of(coding.system) in _OF_ICD


def _by_codes(coded: Sequence[tuple[Coding, codes_of_items.ItemsOfCode]]) -> list[Claim]:
    """Return a claim for each item: by a code that counts, otherwise by one that suggests."""
    doubted = any(NOT_THE_PATIENTS in items for _, items in coded)
    claims: dict[str, Claim] = {}
    for coding, items in coded:
        for item, counts in items.items():
            if counts and not doubted and (item not in claims or claims[item].flag):
                claims[item] = Claim(item, coding)
            elif item not in claims:
                why = f"{coding.code} may match; please confirm"
                claims[item] = Claim(item, coding, Flag.SUGGESTION, why)
    no_items = (NOT_THE_PATIENTS, SOMETHING_ELSE)
    return [claim for item, claim in claims.items() if item not in no_items]


def _by_words(item: str, name: str) -> Claim:
    return Claim(item, None, Flag.TEXT_MATCH, f"matched only by its text: {name}")


def _with_known_cvd(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Yield the claims, and cardiovascular disease if one of its parts is claimed."""
    yield from (claim for claim in claims if claim.item != KNOWN_CVD)
    parts = (KNOWN_CVD, *PARTS_OF_KNOWN_CVD)
    of_it = sorted(
        (claim for claim in claims if claim.item in parts), key=lambda claim: claim.flag is not None
    )
    for claim in of_it[:1]:
        yield Claim(KNOWN_CVD, claim.code, claim.flag, claim.why)
