"""Which searches a calculator waits for: those that can change what is said of it. Pure."""

from collections.abc import Iterable
from functools import cache

from clinical.calculators.model import Calculator
from clinical.calculators.registry import DERIVED, REGISTRY
from clinical.chart import Chart
from clinical.chart.codes.drugs import DRUG_CLASSES
from clinical.chart.derived import BUILDS_ON
from clinical.queries import Search

_NEEDED_BY_DRUGS = {drugs.name: (drugs.needs,) for drugs in DRUG_CLASSES if drugs.needs}


def awaited(calculator: Calculator, searches: Iterable[Search]) -> frozenset[str]:
    """The names of the searches: of its inputs, and of what it declares about charts."""
    names = _names(calculator.name)
    waits_for = {search.name for search in searches if search.answers & names}
    return frozenset({"patient", *waits_for})


def says_the_same(calculator: Calculator, one: Chart, other: Chart) -> bool:
    """Whether two charts of one patient have the same of all that a calculator is made of."""
    return one is other or all(
        one.findings.get(name) == other.findings.get(name)
        and one.usable.get(name) == other.usable.get(name)
        for name in _names(calculator.name)
    )


@cache
def _names(calculator: str) -> frozenset[str]:
    """The findings that a calculator is made of: its inputs, what it declares about charts, and
    what those follow from.
    """
    known = REGISTRY[calculator]
    return _with_sources((*known.inputs, *known.in_chart.names))


def _with_sources(names: Iterable[str]) -> frozenset[str]:
    """The names, and all that findings of these names follow from."""
    known: set[str] = set()
    due = list(names)
    while due:
        name = due.pop()
        if name not in known:
            known.add(name)
            due += BUILDS_ON.get(name, ())
            due += _NEEDED_BY_DRUGS.get(name, ())
            due += DERIVED[name].output.needs if name in DERIVED else ()
    return frozenset(known)
