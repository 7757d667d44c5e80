"""What a card needs in addition to a result. Each calculator declares it; clinical/cards.py judges.

A card interrupts a clinician who asked for nothing. It cites one published limit, and the chart
must prove it. docs/cards.md gives the reasons.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

# CDS Hooks 2.0 also defines `critical`. No card has it: none of these results stops a clinician.
Urgency = Literal["warning", "info"]


@dataclass(frozen=True, slots=True)
class OnCard:
    """A band as a card shows it: its urgency, and the limit in the words of the document."""

    urgency: Urgency
    limit: str


@dataclass(frozen=True, slots=True)
class NoDrug:
    """Drug classes of which the chart must have no order; a card calls them `kind`.

    With `among_some` at least one drug must be charted, because an empty list proves nothing.
    """

    kind: str
    classes: tuple[str, ...]
    among_some: bool = False


@dataclass(frozen=True, slots=True)
class Nearby:
    """A measured input that must not exceed `most` if it was taken `within` this time of `of`."""

    input: str
    most: float
    of: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class TimesNormal:
    """Measured inputs that must stay below `times` the upper end of their reference range.

    `otherwise` stands for that end if the chart has none. It only ever prevents a card.
    """

    inputs: tuple[str, ...]
    times: float
    otherwise: float


@dataclass(frozen=True, slots=True)
class Lasting:
    """The band, or a worse one, must follow from every value of `input` back to one this old.

    `earlier` is how much older than the newest value that one must be.

    The output lists its bands from the best to the worst.
    """

    input: str
    earlier: timedelta


@dataclass(frozen=True, slots=True)
class CardRule:
    """The conditions under which an output in a band with `on_card` makes a card.

    `place` orders cards of one urgency. `document` is cited by name in the summary and by `doi` as
    the source. A site that chooses no cards has those `by_default`. Findings in `present` must be
    in the chart, those in `not_found` must be absent from one that was read completely. `listed`
    is a finding whose stage on the problem list, if it is as bad as the band, makes the card
    redundant.
    """

    place: int
    document: str
    doi: str
    by_default: bool = True
    ages: tuple[int, int] | None = None
    present: tuple[str, ...] = ()
    not_found: tuple[str, ...] = ()
    no_drug: NoDrug | None = None
    nearby: Nearby | None = None
    times_normal: TimesNormal | None = None
    lasting: Lasting | None = None
    listed: str = ""

    @property
    def findings(self) -> frozenset[str]:
        """Every finding of a chart that is named here."""
        drugs = self.no_drug.classes if self.no_drug else ()
        return frozenset((*self.present, *self.not_found, *drugs, *filter(None, (self.listed,))))

    @property
    def measured(self) -> frozenset[str]:
        """Every measured input that is named here."""
        near = (self.nearby.input, self.nearby.of) if self.nearby else ()
        enzymes = self.times_normal.inputs if self.times_normal else ()
        return frozenset((*near, *enzymes, *((self.lasting.input,) if self.lasting else ())))
