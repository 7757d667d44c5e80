"""The common types: what a calculator is made of, how it refuses, how a number is printed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from clinical.calculators.card_rule import CardRule, OnCard
from clinical.calculators.in_chart import NOTHING, InChart
from clinical.calculators.limits import at_least, round_half_away, within

Sex = Literal["male", "female"]
# Only the legacy Pooled Cohort Equations take it.
Race = Literal["white_or_other", "black"]

# What a caller hands in: the value as entered or charted, and its unit as printed (None: no unit).
Raw = Mapping[str, tuple[object, str | None]]

# The same inputs once checked: numbers in canonical units, answers as bool or str.
Given = Mapping[str, Any]

# Takes the inputs that it needs by their names.
Formula = Callable[..., float]

# A value that differs from a limit by more than noise differs from it in fewer decimals.
_MOST_DIGITS = 12

# Said of a result in place of a band; a note leaves it out.
NO_BANDS = "no published risk bands"


class Refused(ValueError):
    """A calculator or a conversion declines to answer; the text says why, to a clinician.

    The text names limits and accepted units, never the value that was given.
    """


class MissingInput(Refused):
    """Inputs that the output needs were not given; `inputs` names them."""

    def __init__(self, text: str, inputs: tuple[str, ...]) -> None:
        super().__init__(text)
        self.inputs = inputs


class NotUnderstood(Refused):
    """A value that is not a finite number, or not one of the answers that the input takes."""


class UnknownUnit(Refused):
    """No unit, or one outside the closed table of this input."""


class Implausible(Refused):
    """Outside the hard range of the input: most often a value in another unit."""


class NotApplicable(Refused):
    """Outside the population or the range on which the formula was derived."""


class UnknownCalculator(ValueError):
    """No calculator has this name."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The range of one input on which a formula may be used, both ends included.

    `reason` is shown when the value lies outside. An end that is None is open.
    """

    input: str
    low: float | None
    high: float | None
    reason: str

    def admits(self, value: float) -> bool:
        """Whether the value, in the canonical unit, lies in the range."""
        return within(value, self.low, self.high)


ADULTS = Limit("age", 18, None, "Adults only (18 years or older)")


@dataclass(frozen=True, slots=True)
class Band:
    """One published interpretation of a result.

    `holds` takes the unrounded result and the checked inputs; the first band that holds counts.
    A band with `on_card` makes a card if its output has a CardRule. `short` is the band in a word
    or two, for a row of a list.
    """

    text: str
    holds: Callable[[float, Given], bool]
    on_card: OnCard | None = None
    short: str = ""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A circumstance in which the formula must not be used; the text says so."""

    text: str
    holds: Callable[[Given], bool]


HDL_NOT_BELOW_TOTAL = Exclusion(
    "HDL must be below total cholesterol: check both values",
    lambda given: at_least(given.get("hdl", 0), given.get("cholesterol_total", math.inf)),
)


@dataclass(frozen=True, slots=True)
class Note:
    """A caution that depends on the inputs."""

    text: str
    holds: Callable[[Given], bool]


@dataclass(frozen=True, slots=True)
class Output:
    """One number that a calculator gives.

    `formula` takes the inputs named in `needs`, and those of `optional` that were given, as
    keyword arguments in canonical units; it returns the unrounded number or raises Refused.
    `checked_if_given` are inputs that the formula does not take but a limit, an exclusion, a band
    or a note looks at.
    `meaning` says in words what the number stands on for this patient, such as the weight that was
    chosen, or why no band is given; `meaning_short` is the same in a word or two, for a row of a
    list that has no band. `gives` names the input of other calculators that this output
    is. `open_answers` makes it a score whose range is told while answers are missing: it lists the
    values to try of numbers, yes-or-no and listed answers are tried by themselves. A number whose
    rounding to a whole one is printed beside it (`beside_whole`) gets the digits that this takes.
    `edges` are where a drawing of the bands begins and ends, and every limit between two of them.
    With a `card` it can make one at the chart, in a band with `on_card`.
    """

    name: str
    label: str
    unit: str
    digits: int
    equation: str
    formula: Formula
    needs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    checked_if_given: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    bands: tuple[Band, ...] = ()
    meaning: Callable[[Given], str] | None = None
    meaning_short: Callable[[Given], str] | None = None
    gives: str = ""
    open_answers: Mapping[str, tuple[float, ...]] | None = None
    beside_whole: bool = False
    edges: tuple[float, ...] = ()
    card: CardRule | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """All inputs that this output looks at."""
        return self.needs + self.optional + self.checked_if_given

    def band(self, value: float, given: Given) -> str | None:
        """The interpretation of an unrounded result, None where none is published."""
        band = self.band_of(value, given)
        return band.text if band else None

    def band_of(self, value: float, given: Given) -> Band | None:
        """The first band that holds, None where none is published."""
        return next((band for band in self.bands if band.holds(value, given)), None)

    def printed(self, value: float, given: Given) -> str:
        """The result in text, with more digits where rounding would move it to another band."""
        for digits in range(self.digits, _MOST_DIGITS):
            rounded = round_half_away(value, digits)
            whole = not self.beside_whole or round_half_away(rounded) == round_half_away(value)
            if whole and self.band(rounded, given) == self.band(value, given):
                return f"{rounded:.{digits}f}"
        return f"{value:.{_MOST_DIGITS}f}"


@dataclass(frozen=True, slots=True)
class Citation:
    """A published source and its DOI, None for a work that has none."""

    text: str
    doi: str | None


@dataclass(frozen=True, slots=True)
class Calculator:
    """A published calculator: formulas, population, cautions and sources.

    `short` is the title for a row of a list, `subject` the problem or the organ that clinicians
    file it under, in a word. `year` is that of the equation. A marked calculator is off unless a
    site switches it on: "legacy" has been superseded, "time-critical" must not be relied on for
    alarms; `why_marked` says more. `table` holds published coefficients or points that `equation`
    cannot show, header row first, and `table_note` how to read it. `words` are what a person may
    search it by. `validation` says how it was validated, as far as that could be read in an open
    source. `in_chart` is what it declares about charts.
    `definitions` say at an input what counts as it; `points` gives those of each input that was
    given, where a table of points is published.
    """

    name: str
    title: str
    short: str
    subject: str
    year: int
    purpose: str
    population: str
    cautions: tuple[str, ...]
    outputs: tuple[Output, ...]
    sources: tuple[Citation, ...]
    notes: tuple[Note, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    table_note: str = ""
    mark: Literal["legacy", "time-critical"] | None = None
    why_marked: str = ""
    words: str = ""
    validation: str = ""
    in_chart: InChart = NOTHING
    definitions: Mapping[str, str] = field(default_factory=dict)
    points: Callable[[Given], Mapping[str, int]] | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """All inputs of all outputs, each once, in the order in which they are first named."""
        return tuple(dict.fromkeys(name for output in self.outputs for name in output.inputs))
