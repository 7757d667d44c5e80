"""All calculators by name, in the order in which a page and the docs list them."""

from collections.abc import Mapping
from types import MappingProxyType

from clinical.calculators import (
    anion_gap,
    bmi,
    bsa,
    cha2ds2_vasc,
    ckd_epi_2021,
    cockcroft_gault,
    corrected_calcium,
    fib4,
    has_bled,
    ldl,
    meld,
    news2,
    osmolality,
    pooled_cohort,
    prevent,
    qtc,
)
from clinical.calculators.model import Calculator

REGISTRY: Mapping[str, Calculator] = MappingProxyType(
    {
        module.CALCULATOR.name: module.CALCULATOR
        for module in (
            ckd_epi_2021,
            cockcroft_gault,
            bmi,
            bsa,
            prevent,
            pooled_cohort,
            cha2ds2_vasc,
            has_bled,
            meld,
            fib4,
            corrected_calcium,
            anion_gap,
            osmolality,
            ldl,
            news2,
            qtc,
        )
    }
)
