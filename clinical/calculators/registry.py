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

# The modules, in the order that a page and the docs list them.
_MODULES = (
    *("ckd_epi_2021", "cockcroft_gault", "bmi", "bsa", "prevent", "pooled_cohort"),
    *("cha2ds2_vasc", "has_bled", "meld", "fib4", "corrected_calcium", "anion_gap", "osmolality"),
    *("ldl", "news2", "qtc"),
)


def _registered() -> Mapping[str, Calculator]:
    calculators = [import_module(f"{__package__}.{name}").CALCULATOR for name in _MODULES]
    return MappingProxyType({calculator.name: calculator for calculator in calculators})


REGISTRY = _registered()


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
    unknown |= {output.provides for output in calculator.outputs} - {"", *OTHER_NUMBERS}
    draw, reported = calculator.in_chart.draw, calculator.in_chart.reported
    unknown |= {*draw.inputs, *draw.optional} - {*INPUTS} if draw else set()
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
