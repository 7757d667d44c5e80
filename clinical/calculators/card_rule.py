"""The conditions for a card. Each calculator declares its own; clinical/cards.py checks them.

A card is unsolicited, so it cites one published limit and the chart must prove the result.
docs/cards.md has the reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

# CDS Hooks 2.0 also defines `critical`. No card uses it, because none of these results should stop
# the clinician's work.
Urgency = Literal["warning", "info"]


@dataclass(frozen=True, slots=True)
class OnCard:
    """A band's form on a card: its urgency, and the limit in the document's words."""

    urgency: Urgency
    limit: str


@dataclass(frozen=True, slots=True)
class NoDrug:
    """Drug classes for which the chart must have no order; a card calls them `kind`.

    With `among_some`, the chart must have at least one drug, because an empty list proves nothing.
    """

    kind: str
    classes: tuple[str, ...]
    among_some: bool = False


@dataclass(frozen=True, slots=True)
class Nearby:
    """A measured input that must not exceed `most` if measured `within` this time of input `of`."""

    input: str
    most: float
    of: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class TimesNormal:
    """Measured inputs that must stay below `times` the upper end of their reference range.

    `otherwise` replaces the upper end if the chart has no range. It can only prevent a card.
    """

    inputs: tuple[str, ...]
    times: float
    otherwise: float


@dataclass(frozen=True, slots=True)
class Lasting:
    """Every value of `input`, back to one that's at least `earlier` older, gives this band or
    worse.

    The output lists its bands from the best to the worst.
    """

    input: str
    earlier: timedelta


@dataclass(frozen=True, slots=True)
class CardRule:
    """The conditions for a card from an output in a band with `on_card`.

    `place` orders cards of the same urgency. The summary cites `document` by name, and the card's
    source is its `doi`. Cards `by_default` are shown at sites that don't choose cards. The inputs
    in `only_within` must be in these ranges. Findings in `present` must be in the chart. Findings
    in `not_found` must be absent from a chart that was read completely. They include every finding
    with which the calculator's own cautions call the result invalid. `listed` is a finding that
    makes the card redundant if its stage on the problem list is at least as bad as the band.
    """

    place: int
    document: str
    doi: str
    by_default: bool = True
    only_within: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    present: tuple[str, ...] = ()
    not_found: tuple[str, ...] = ()
    no_drug: NoDrug | None = None
    nearby: Nearby | None = None
    times_normal: TimesNormal | None = None
    lasting: Lasting | None = None
    listed: str = ""

    @property
    def findings(self) -> frozenset[str]:
        """All findings in this rule."""
        drugs = self.no_drug.classes if self.no_drug else ()
        return frozenset((*self.present, *self.not_found, *drugs, *filter(None, (self.listed,))))

    @property
    def measured(self) -> frozenset[str]:
        """All measured inputs in this rule."""
        near = (self.nearby.input, self.nearby.of) if self.nearby else ()
        enzymes = self.times_normal.inputs if self.times_normal else ()
        return frozenset((*near, *enzymes, *((self.lasting.input,) if self.lasting else ())))
