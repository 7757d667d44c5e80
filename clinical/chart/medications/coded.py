"""The drug classes of a code: ATC by its group, RxNorm by ingredient, brand or product.

An ATC code decides, because every code has one place. RxNorm has more concepts than are listed.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from clinical.chart.codes.tables import listed, rows
from clinical.chart.medications.names import Named, ingredients, of_ingredients
from shared.patterns import pattern

# An ATC code at any of its five levels.
ATC_CODE = pattern(r"(?i)[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?")


def of_rxnorm(code: str) -> tuple[Named, ...]:
    """Return the classes of an RxNorm concept, empty if it isn't listed."""
    return _rxnorm().get(code, ())


def of_atc(code: str) -> tuple[Named, ...]:
    """Return the classes of an ATC code. A code for a broader group could be any of its classes."""
    return tuple(_of_atc(code.upper()))


def decided_by_name(code: str) -> tuple[str, ...]:
    """Return the classes that only some drugs in the code's group belong to; the name decides."""
    return tuple(item for item, effect in _atc_effects(code.upper()).items() if effect == "by name")


@cache
def _rxnorm() -> Mapping[str, tuple[Named, ...]]:
    known: dict[str, tuple[Named, ...]] = {}
    for row in rows("drug_names"):
        known |= dict.fromkeys(listed(row, "rxnorm"), ingredients()[row["name"]])
    for name in ("drug_brands", "drug_products"):
        for row in rows(name):
            known |= dict.fromkeys(listed(row, "rxnorm"), of_ingredients(row))
    return known


def _of_atc(code: str) -> Iterator[Named]:
    for item, effect in _atc_effects(code).items():
        if effect == "counts":
            yield Named(item)
        elif effect == "suggests":
            yield Named(item, "its drug group (ATC) is often ordered for other reasons")
    wider = (row for row in rows("drug_atc") if row["atc"] != code and row["atc"].startswith(code))
    for item in dict.fromkeys(item for row in wider for item in listed(row, "item")):
        if item not in _atc_effects(code):
            yield Named(item, "coded only as a broad group of drugs")


def _atc_effects(code: str) -> Mapping[str, str]:
    """Return the effect of the longest matching prefix on each class: counts, suggests, by name."""
    best: dict[str, tuple[int, str]] = {}
    for row in rows("drug_atc"):
        if code.startswith(row["atc"]):
            for item in listed(row, "item"):
                effect = len(row["atc"]), row.get("says", "counts")
                best[item] = max(best.get(item, effect), effect)
    return {item: effect for item, (_, effect) in best.items()}
