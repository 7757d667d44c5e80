"""Findings for one input and their evidence: entry, date, source, and entries that weren't used."""

from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import NamedTuple

from clinical.chart.resources.json_access import Coding
from clinical.chart.resources.times import Moment
from shared.frozen import dataclass

Value = float | bool | str | None
NOT_IN_CHART = "not found in the chart"


class Outcome(Enum):
    """The outcome of reading one input; a page shows the text.

    Only FOUND and CALCULATED have a value, charted or calculated from charted ones. A yes-or-no
    item is OPEN if unclassified entries could be it, and ABSENT only if no entry could be.
    """

    FOUND = "found in chart"
    ABSENT = "not found in chart"
    OPEN = "not answered"
    BOUND = "charted only as below or above a limit"
    UNREADABLE = "charted, but not readable"
    IMPLAUSIBLE = "implausible: check the unit"
    CONFLICTING = "chart contradicts itself"
    STALE = "last known value is too old"
    PRELIMINARY = "only a preliminary value"
    OFFERED = "suggested by the chart: please confirm"
    ASKED = "not read from the chart: please enter it"
    UNREAD = "could not be read"
    APART = "not collected with the other values"
    CALCULATED = "calculated from the chart"


class Flag(StrEnum):
    """Why an entry wasn't used, or what a reader of the value must know."""

    STATUS = "status"
    PRELIMINARY = "preliminary"
    DATA_ABSENT = "data_absent"
    NO_VALUE = "no_value"
    COMPARATOR = "comparator"
    TEXT_VALUE = "text_value"
    NOT_A_NUMBER = "not_a_number"
    NO_UNIT = "no_unit"
    UNKNOWN_UNIT = "unknown_unit"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_ANSWER = "unknown_answer"
    EXCLUDED_CODE = "excluded_code"
    SECOND_CHOICE = "second_choice"
    INCOMPLETE_READING = "incomplete_reading"
    FUTURE = "future"
    UNDATED = "undated"
    OLD = "old"
    STALE = "stale"
    CONFLICT = "conflict"
    REFUTED = "refuted"
    UNCONFIRMED = "unconfirmed"
    NOT_CURRENT = "not_current"
    SUGGESTION = "suggestion"
    TEXT_MATCH = "text_match"
    ON_HOLD = "on_hold"
    NOT_AN_ORDER = "not_an_order"
    LOCAL_ROUTE = "local_route"
    NO_DIAGNOSIS = "no_diagnosis"
    DECEASED = "deceased"


class Evidence(NamedTuple):
    """One charted entry.

    `charted` is the entry as charted (`124 umol/L`, `< 3 U/L`, a diagnosis, a drug), with
    `charted_value` and `charted_unit` for a quantity. `value` is the converted value, or None if
    it can't be used. `moment` keeps the date with the chart's offset. `source` is `Type/id`. `code`
    is the coding that matched, or None if a name did. `coded` is the text of the codings if it
    differs from `charted`. Entries with the same `measurement` were taken together. `normal_low`
    and `normal_high` are the ends of the charted reference range, converted. `half_digit` is half a
    unit of the last printed digit, converted: what rounding can hide. `stage` is the kidney disease
    stage it lists. `is_flagged` is whether the laboratory calls a value low or high (None: neither
    that nor normal).
    """

    source: str
    charted: str
    value: Value = None
    charted_value: float | None = None
    charted_unit: str = ""
    code: Coding | None = None
    moment: Moment | None = None
    status: str = ""
    category: str = ""
    measurement: str = ""
    normal_low: float | None = None
    normal_high: float | None = None
    half_digit: float = 0.0
    notes: tuple[str, ...] = ()
    coded: str = ""
    stage: str = ""
    is_flagged: bool | None = None


@dataclass(frozen=True, slots=True)
class Unclassified:
    """An entry that can't be classified: only a local code, or a text that names nothing known.

    `charted` is its text as charted, otherwise its code. `system` is the code system, or "".
    `is_past` means that it's no longer current.
    """

    source: str
    charted: str
    system: str = ""
    moment: Moment | None = None
    is_past: bool = False


Recency = tuple[datetime, datetime, datetime]
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_UNDATED: Recency = (_EARLIEST, _EARLIEST, _EARLIEST)


def recency_of(
    measured_at: Moment | None, issued: datetime | None, last_updated: datetime | None
) -> Recency:
    """Return the sort key of an entry: time taken, undated ones last, then issue, then update."""
    when = measured_at.instant if measured_at else _EARLIEST
    return when, issued or _EARLIEST, last_updated or _EARLIEST


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An entry that was not used, and why."""

    evidence: Evidence
    flag: Flag
    why: str


class Candidate(NamedTuple):
    """An entry that may answer an input; `flag` and `why` tell what makes it unusable, if anything.

    `recency` orders entries (`recency_of`). `second_choice` entries are of a less reliable kind.
    """

    evidence: Evidence
    flag: Flag | None = None
    why: str = ""
    recency: Recency = _UNDATED
    second_choice: bool = False


@dataclass(frozen=True, slots=True)
class ChartFinding:
    """The chart's finding for one input.

    `value` is in the canonical `unit`; for diagnoses and drugs it's True, False (not found in
    chart) or None (ask). `chosen` is the entry that decided, even if it left the value empty.
    `further` are older values or other matching entries, and `behind` the measured inputs that a
    value was calculated from. `could_be` are the entries that leave an OPEN item open.
    """

    input: str
    outcome: Outcome
    why: str
    value: Value = None
    unit: str = ""
    chosen: Evidence | None = None
    flags: tuple[Flag, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    further: tuple[Evidence, ...] = ()
    behind: "tuple[ChartFinding, ...]" = ()
    could_be: tuple[Unclassified, ...] = ()

    @property
    def earliest(self) -> Evidence | None:
        """The earliest dated entry that fills the input, such as a diagnosis's first entry."""
        dated = [one for one in (self.chosen, *self.further) if one and one.moment]
        return min(dated, key=_instant, default=None)


def _instant(evidence: Evidence) -> datetime:
    return evidence.moment.instant if evidence.moment else _EARLIEST
