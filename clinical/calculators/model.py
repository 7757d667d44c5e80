"""Common types: the parts of a calculator, its refusals, and the printing of numbers."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from clinical.calculators.card_rule import CardRule, OnCard
from clinical.calculators.in_chart import NOTHING, InChart
from clinical.calculators.limits import at_least, round_half_away, within

Sex = Literal["male", "female"]
# Used only by the legacy Pooled Cohort Equations.
Race = Literal["white_or_other", "black"]

# Inputs from the caller: the value as entered or charted, and its unit as printed (None: no unit).
Raw = Mapping[str, tuple[object, str | None]]

# The same inputs after checking: numbers in canonical units, answers as bool or str.
CheckedInputs = Mapping[str, Any]

# Accepts the inputs that it needs as keyword arguments.
Formula = Callable[..., float]
# Explains a result for this patient.
Meaning = Callable[[CheckedInputs], str]


def sum_of(points: Callable[[CheckedInputs], Mapping[str, float]]) -> Formula:
    """Return the formula of a score: the sum of the points of its inputs."""
    return lambda **values: sum(points(values).values())


# If a value differs from a limit by more than noise, this many decimals show it.
_MOST_DIGITS = 12

# Shown with a result in place of a band; notes leave it out.
NO_BANDS = "no published risk categories"


class Refused(ValueError):
    """A calculator or conversion gives no result; the text states the reason for the clinician.

    The text contains limits and accepted units, never the value itself.
    """


class MissingInput(Refused):
    """Required inputs are missing; `inputs` lists them."""

    def __init__(self, text: str, inputs: tuple[str, ...]) -> None:
        super().__init__(text)
        self.inputs = inputs


class NotUnderstood(Refused):
    """A value that isn't a finite number, or isn't one of the input's answers."""


class UnknownUnit(Refused):
    """A missing unit, or one that isn't in this input's table."""


class Implausible(Refused):
    """A value outside the input's hard range, most often because it's in a different unit."""


class NotApplicable(Refused):
    """Inputs outside the population or range that the formula was derived on."""


class UnknownCalculator(ValueError):
    """No calculator has this name."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The range of one input in which a formula is valid, both ends included.

    `reason` is shown if the value is outside. None means no limit at that end.
    """

    input: str
    low: float | None
    high: float | None
    reason: str

    def admits(self, value: float) -> bool:
        """Return whether the value, in the canonical unit, is in the range."""
        return within(value, self.low, self.high)


ADULTS = Limit("age", 18, None, "Only for adults (18 years or older)")


@dataclass(frozen=True, slots=True)
class Action:
    """The action that a document asks for if a result is in a band. It marks the result.

    `asks` is the action in a few words, and `document` its source, which the calculator cites with
    the same `doi`. `urgent` means within hours. The advice is only for patients with every finding
    in `only_with`. A finding in `unless` means that the action was taken or is no longer needed.
    """

    asks: str
    document: str
    doi: str | None
    urgent: bool = False
    only_with: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The document and the action, in a line."""
        return f"{self.document}: {self.asks}"

    def is_asked(self, known: CheckedInputs) -> bool:
        """Return whether the document asks for it, from inputs or from a chart's findings."""
        return all(known.get(name) is True for name in self.only_with) and not any(
            known.get(name) is True for name in self.unless
        )


@dataclass(frozen=True, slots=True)
class Band:
    """One published interpretation of a result.

    `holds` gets the unrounded result and the checked inputs. The first band whose `holds` is true
    applies. A band with `on_card` makes a card if its output has a CardRule. `short` is the band in
    a word or two, for a row of a list. A band with an `action` marks the result.
    """

    text: str
    holds: Callable[[float, CheckedInputs], bool]
    on_card: OnCard | None = None
    short: str = ""
    action: Action | None = None


def from_value(low: float, text: str, short: str) -> Band:
    """Return the band of results of `low` and above."""
    return Band(text, lambda value, _: at_least(value, low), short=short)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A condition that rules out the formula, with the text to show."""

    text: str
    holds: Callable[[CheckedInputs], bool]


HDL_NOT_BELOW_TOTAL = Exclusion(
    "HDL must be below total cholesterol: check both values",
    lambda values: at_least(values.get("hdl", 0), values.get("cholesterol_total", math.inf)),
)


@dataclass(frozen=True, slots=True)
class Note:
    """A caution that depends on the inputs."""

    text: str
    holds: Callable[[CheckedInputs], bool]


@dataclass(frozen=True, slots=True)
class EventRates:
    """The event rate in a cited cohort at each score, as printed there, such as "1.13".

    `what` follows the number, and `source` is the paper. Scores in `few` had few patients. With
    `and_above`, the highest score stands for all higher ones. `holds` limits it to the paper's
    population.
    """

    by_score: Mapping[int, str]
    what: str
    source: str
    few: tuple[int, ...] = ()
    and_above: bool = False
    holds: Callable[[CheckedInputs], bool] = lambda _: True

    def text(self, score: float, values: CheckedInputs) -> str:
        """Return the rate at a score, or "" if the paper has none."""
        at = min(int(score), max(self.by_score)) if self.and_above else int(score)
        if at not in self.by_score or not self.holds(values):
            return ""
        few = "few patients, " if at in self.few else ""
        return f"{self.by_score[at]}{self.what} at this score ({few}{self.source})"


@dataclass(frozen=True, slots=True)
class Output:
    """One number that a calculator computes.

    `formula` gets the inputs in `needs`, and any given ones in `optional`, as keyword arguments in
    canonical units. It returns the unrounded number or raises Refused. `checked_if_given` are
    inputs that only a limit, exclusion, band or note uses. `meaning` explains the number for this
    patient, such as the weight that was chosen or why there's no band; `meaning_short` is the same
    in a word or two, for a row of a list without a band. `rates` are the event rates of a score.
    `provides` is the input of other calculators that this output computes. `open_answers` makes it
    a score whose range is shown while answers are missing. It lists the values to try for numbers;
    yes-or-no and listed answers are all tried. If the whole number is printed next to it
    (`shown_with_whole`), it gets enough digits to round to that. `edges` are the two ends of the
    drawing and every limit between bands.
    With a `card`, it can make a card in a band with `on_card`.
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
    meaning: Meaning | None = None
    meaning_short: Meaning | None = None
    rates: EventRates | None = None
    provides: str = ""
    open_answers: Mapping[str, tuple[float, ...]] | None = None
    shown_with_whole: bool = False
    edges: tuple[float, ...] = ()
    card: CardRule | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """All inputs that this output uses."""
        return self.needs + self.optional + self.checked_if_given

    def band(self, value: float, values: CheckedInputs) -> str | None:
        """Return the interpretation of an unrounded result, or None if none is published."""
        band = self.band_of(value, values)
        return band.text if band else None

    def band_of(self, value: float, values: CheckedInputs) -> Band | None:
        """Return the first band that holds, or None."""
        return next((band for band in self.bands if band.holds(value, values)), None)

    def printed(self, value: float, values: CheckedInputs) -> str:
        """Return the result as text, with more digits if rounding would change the band."""
        for digits in range(self.digits, _MOST_DIGITS):
            rounded = round_half_away(value, digits)
            whole = not self.shown_with_whole or round_half_away(rounded) == round_half_away(value)
            if whole and self.band(rounded, values) == self.band(value, values):
                return f"{rounded:.{digits}f}"
        return f"{value:.{_MOST_DIGITS}f}"


@dataclass(frozen=True, slots=True)
class Citation:
    """A published source and its DOI, or None if it has none."""

    text: str
    doi: str | None


@dataclass(frozen=True, slots=True)
class Calculator:
    """A published calculator: formulas, population, cautions and sources.

    `short` is the title for a row of a list, and `subject` a word for the problem or organ that
    clinicians file it under. `year` is the equation's, or None if no paper
    introduced it. A marked calculator is off until it's turned on: "legacy" has been superseded,
    and "time-critical" must not be relied on for alarms. `why_marked` explains the mark. `table`
    has published coefficients or points that `equation` can't show, header row first, and
    `table_note` explains it. A search matches its title, then the
    words in `aliases` (other names), then `words` (problems, organs, specialties), then its inputs.
    `validation` summarizes the validation, if an open source has it. `in_chart` is what it declares
    about charts. `definitions` state what counts as an input. `points` returns the points of each
    given input, if a table of points is published.
    """

    name: str
    title: str
    short: str
    subject: str
    year: int | None
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
    aliases: str = ""
    words: str = ""
    validation: str = ""
    in_chart: InChart = NOTHING
    definitions: Mapping[str, str] = field(default_factory=dict)
    points: Callable[[CheckedInputs], Mapping[str, float]] | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """All inputs of all outputs, each once, in the order of first use."""
        return tuple(dict.fromkeys(name for output in self.outputs for name in output.inputs))
