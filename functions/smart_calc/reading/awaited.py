"""The searches that a calculator waits for: those that can change its row. Pure."""

from collections.abc import Iterable

from clinical.basis import names_behind
from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.queries import Search


def awaited(calculator: Calculator, searches: Iterable[Search]) -> frozenset[str]:
    """Return the names of the searches for its inputs and for other findings that it depends on."""
    names = names_behind(calculator.name)
    waits_for = {search.name for search in searches if search.answers & names}
    return frozenset({"patient", *waits_for})


def says_the_same(calculator: Calculator, one: Chart, other: Chart) -> bool:
    """Return whether two charts of a patient have the same data for a calculator."""
    return one is other or all(
        one.findings.get(name) == other.findings.get(name)
        and one.usable.get(name) == other.usable.get(name)
        for name in names_behind(calculator.name)
    )
