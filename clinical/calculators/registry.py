"""All calculators by name, in the order that a page and the docs list them.

Each calculator's declarations are checked on import. An unknown name is a bug and stops the
process.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from clinical.calculators.in_chart import FINDINGS
from clinical.calculators.inputs import CHOICES, FLAGS, INPUTS, OTHER_NUMBERS
from clinical.calculators.model import Calculator, Output

# The groups of the page's list and the modules in each, most used first. The docs have this order.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Kidney": ("ckd_epi_2021", "cockcroft_gault", "kdigo_aki", "fractional_excretion"),
    "Heart and circulation": (
        *("cha2ds2_vasc", "has_bled", "prevent", "pooled_cohort", "qtc", "rcri"),
        "mean_arterial_pressure",
    ),
    "Lungs": ("curb65", "wells_pe"),
    "Liver": ("meld", "child_pugh", "fib4"),
    "Electrolytes and lipids": (
        *("anion_gap", "corrected_sodium", "corrected_calcium", "osmolality"),
        *("free_water_deficit", "ldl"),
    ),
    "Body size": ("bmi", "bsa", "ideal_body_weight"),
    "Acute illness": ("news2", "sofa"),
}


def _registered() -> Mapping[str, tuple[str, Calculator]]:
    """Return each calculator with its group, by name."""
    loaded = [
        (group, import_module(f"{__package__}.{module}").CALCULATOR)
        for group, modules in GROUPS.items()
        for module in modules
    ]
    return {calculator.name: (group, calculator) for group, calculator in loaded}


_REGISTERED = _registered()
REGISTRY: Mapping[str, Calculator] = MappingProxyType(
    {name: calculator for name, (_, calculator) in _REGISTERED.items()}
)
GROUP_OF: Mapping[str, str] = MappingProxyType(
    {name: group for name, (group, _) in _REGISTERED.items()}
)


@dataclass(frozen=True, slots=True)
class Source:
    """The calculator and output that provide an input of other calculators."""

    calculator: Calculator
    output: Output


_OUTPUTS = [(one, output) for one in REGISTRY.values() for output in one.outputs]

# eGFR and BMI. Only this mapping defines how they are derived.
DERIVED: Mapping[str, Source] = MappingProxyType(
    {output.provides: Source(one, output) for one, output in _OUTPUTS if output.provides}
)

# The calculators that can make a card, in the order of their cards, each with the card's output.
CARDS: Mapping[str, Output] = MappingProxyType(
    {
        one.name: output
        for one, output in sorted(
            ((one, output) for one, output in _OUTPUTS if output.card),
            key=lambda pair: pair[1].card.place if pair[1].card else 0,
        )
    }
)
# Calculators that make a card if a site doesn't choose.
DEFAULT_CARDS = frozenset(
    name for name, output in CARDS.items() if output.card and output.card.by_default
)


def unknown_names(calculator: Calculator) -> set[str]:
    """Return the declared names that aren't an existing input, finding or output."""
    known = {*INPUTS, *OTHER_NUMBERS, *FLAGS, *CHOICES}
    outputs = {output.name for output in calculator.outputs}
    unknown = {*calculator.inputs} - known
    unknown |= {*calculator.in_chart.names} - known - {*FINDINGS}
    unknown |= {*calculator.definitions} - {*calculator.inputs}
    provided = {output.provides for output in calculator.outputs}
    unknown |= provided - {"", *OTHER_NUMBERS, *INPUTS}
    draw, reported = calculator.in_chart.draw, calculator.in_chart.reported
    unknown |= {*draw.names} - {*INPUTS} if draw else set()
    unknown |= {*calculator.in_chart.max_age} - {*INPUTS}
    unknown |= {reported.output} - outputs if reported else set()
    for output in calculator.outputs:
        unknown |= {*(output.open_answers or ())} - {*output.needs}
        for action in filter(None, (band.action for band in output.bands)):
            unknown |= {*action.only_with, *action.unless} - {*FLAGS, *FINDINGS}
            unknown |= {str(action.doi)} - {str(source.doi) for source in calculator.sources}
        if rule := output.card:
            unknown |= rule.findings - {*FLAGS, *FINDINGS}
            unknown |= rule.measured - {*INPUTS}
            unknown |= {rule.doi} - {source.doi for source in calculator.sources}
    return unknown


def _check() -> None:
    for calculator in REGISTRY.values():
        if unknown := unknown_names(calculator):
            raise LookupError(f"{calculator.name} declares unknown names: {sorted(unknown)}")


_check()
