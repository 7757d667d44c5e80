"""The entries that can't be classified, listed once for the entire page. Pure."""

from clinical.chart import Chart
from clinical.chart.classified import Classified
from clinical.chart.codes.systems import system_of
from clinical.chart.evidence import Unclassified
from clinical.clock import Clock
from shared.frozen import dataclass

# The searches that have these entries.
READ_BY = frozenset({"conditions", "drugs"})
# The limit for a list, because a problem list with only local codes would fill the page.
_MOST = 50


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as charted, with its date and code system."""

    text: str
    when: str
    system: str


@dataclass(frozen=True, slots=True)
class KindView:
    """The listed entries of one kind, and the number of further ones."""

    title: str
    entries: tuple[EntryView, ...]
    more: int


@dataclass(frozen=True, slots=True)
class UnclassifiedView:
    """The unclassified entries, as a sentence and as lists."""

    summary: str
    kinds: tuple[KindView, ...]


def view(chart: Chart, clock: Clock) -> UnclassifiedView | None:
    """Return the view of a chart's unclassified entries, or None if there are none."""
    known = (("problem", "Problems", chart.problems), ("drug", "Drugs", chart.drugs))
    present = [(noun, title, one) for noun, title, one in known if one.unclassified]
    if not present:
        return None
    numbers = " and ".join(_number(noun, one) for noun, _, one in present)
    return UnclassifiedView(
        f"{numbers} could not be classified",
        tuple(
            KindView(
                title,
                tuple(_entry(entry, clock) for entry in one.unclassified[:_MOST]),
                max(0, len(one.unclassified) - _MOST),
            )
            for _, title, one in present
        ),
    )


def _number(noun: str, classified: Classified) -> str:
    """Return `2 of 31 problems`."""
    number = classified.entries
    return f"{len(classified.unclassified)} of {number} {noun}{'' if number == 1 else 's'}"


def _entry(entry: Unclassified, clock: Clock) -> EntryView:
    known = system_of(entry.system)
    system = known.value if known else entry.system
    return EntryView(
        entry.charted or "no text or code", clock.day(entry.moment), system or "no code system"
    )
