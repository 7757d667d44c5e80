"""The list before anything has been read: a row for each calculator, already in place. Pure.

They're grouped by organ, the most used first. The order is the same for every chart, so that no row
moves when values arrive.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from clinical.calculators import REGISTRY
from clinical.calculators.inputs import label
from clinical.calculators.model import Calculator
from clinical.calculators.registry import GROUP_OF, GROUPS
from shared.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its name in URLs, its full and short titles, and its subject.

    A search matches the titles, then the words in `aliases`, `problems` and `inputs`, in this
    order. `is_read` means that its content depends on the chart.
    """

    name: str
    title: str
    short: str
    problems: str
    aliases: str = ""
    inputs: str = ""
    subject: str = ""
    is_read: bool = True


_ON_REQUEST = "Off until you press Calculate"
_TURNED_OFF = "Turned off by your organization"
_VALUES = "Vital signs and laboratory values"
_ABOUT = "About this app: responsibility, use, access"
_PANES = (
    Row("values", _VALUES, _VALUES, "results trend labs vitals observations"),
    Row("about", _ABOUT, _ABOUT, "scopes granted license", is_read=False),
)


def sections(off: AbstractSet[str] = frozenset()) -> Mapping[str, tuple[Row, ...]]:
    """Return the headings of the list and the rows below each, in order.

    `off` are the calculators that your organization turned off.
    """
    sections: dict[str, list[Row]] = {one: [] for one in (*GROUPS, _ON_REQUEST, _TURNED_OFF)}
    for name, calculator in REGISTRY.items():
        usual = _ON_REQUEST if calculator.mark else GROUP_OF[name]
        sections[_TURNED_OFF if name in off else usual].append(_row(calculator))
    sections["Chart and app"] = [*_PANES]
    return {title: tuple(rows) for title, rows in sections.items() if rows}


def _row(calculator: Calculator) -> Row:
    subjects = (calculator.subject, *calculator.in_chart.relevant_with.values())
    return Row(
        calculator.name,
        calculator.title,
        calculator.short,
        " ".join((*filter(None, subjects), calculator.words)).lower(),
        calculator.aliases,
        " ".join(map(label, calculator.inputs)).lower(),
        calculator.subject,
    )
