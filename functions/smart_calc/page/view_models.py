"""The view models of the calculators: each field is text to print, or controls the look."""

import json
from typing import Literal

from clinical.calculators.model import Calculator
from shared.frozen import dataclass
from shared.patterns import pattern

from .bands import BandBar

Kind = Literal["number", "flag", "choice"]
Look = Literal["good", "warn", "bad", "assumed", ""]
# The line of a note that lists an input; `failed` means that it couldn't be read.
Standing = Literal["found", "entered", "assumed", "open", "failed"]
Group = Literal["computed", "lacking", "incomplete", "not_applicable", "off", "turned_off"]

# The date in a time as shown, or less if the chart has less.
_DAY = pattern(r"(?:\d+ )?(?:[A-Z][a-z]+ )?\d{4}")
_NUMBER = pattern(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class ResultView:
    """One output, computed (`printed`, and `band` with its meaning) or not (`refused` tells why).

    A score that lacks answers has both, and `printed` is its range. `bar` draws the bands. `short`
    is the row's text for the number. `is_without_bands` means that no bands are published for it.
    `action` is the line about the action that a document asks for. `remark` is the text next to the
    number if an earlier output has some of the same annotations. `rate` is the event rate of a
    score.
    """

    name: str
    label: str
    printed: str
    unit: str
    band: str
    refused: str
    bar: BandBar | None = None
    short: str = ""
    is_without_bands: bool = False
    action: str = ""
    is_urgent: bool = False
    remark: str = ""
    rate: str = ""

    @property
    def annotations(self) -> tuple[str, ...]:
        """The text next to the number: the open items, the class, and the event rate."""
        return tuple(filter(None, (self.refused, self.band, self.rate)))


@dataclass(frozen=True, slots=True)
class Caution:
    """A sentence to read before using a result.

    `about` is the input with the charted value in question, or "" if there's no single one.
    Replacing the value removes the caution. If `grave`, the result might not be valid at all, so
    the caution comes first. `entry` is the charted entry behind it, which notes leave out. `marks`
    means that the calculator's row shows that there's a caution.
    """

    text: str
    about: str = ""
    grave: bool = False
    entry: str = ""
    marks: bool = False


@dataclass(frozen=True, slots=True)
class EntryView:
    """A charted entry shown with an input: its text, date and remark.

    `value` is the control's value if the entry is used ("": it can't be), `exact` the same
    unrounded, as JSON, `note` the text in a note, and `origin` its source. `is_undated` means that
    it has no date.
    """

    text: str
    when: str
    remark: str = ""
    value: str = ""
    exact: str = "null"
    note: str = ""
    origin: str = ""
    is_undated: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a trend: the charted text and time, and its position in the drawing.

    `value`, `exact`, `note` and `origin` are as in `EntryView`. `is_used` means that the calculator
    uses it.
    """

    text: str
    when: str
    value: str = ""
    exact: str = "null"
    note: str = ""
    origin: str = ""
    is_used: bool = False
    x: float = 0
    y: float = 0


@dataclass(frozen=True, slots=True)
class Trend:
    """At least two values over time, oldest first.

    They are drawn and listed in as few elements as possible, because a page has thirty trends and
    most are never viewed. When a calculator is opened, the script adds dots and a table. `summary`
    tells how many there are and how far back they go. `short` is the input's name in a note. `low`
    and `high` are the ends of the scale, `first` and `last` the dates of the oldest and newest
    value. `gaps` are the indexes of points that no line connects to the previous one.
    """

    points: tuple[Point, ...]
    summary: str
    short: str = ""
    low: str = ""
    high: str = ""
    first: str = ""
    last: str = ""
    gaps: frozenset[int] = frozenset()

    @property
    def line(self) -> str:
        """The path of an SVG drawing, with each point; a lone point is a dot."""
        parts = []
        for number, one in enumerate(self.points):
            begins = number == 0 or number in self.gaps
            parts.append(f"{'M' if begins else 'L'}{one.x:g},{one.y:g}")
            if begins and (number + 1 == len(self.points) or number + 1 in self.gaps):
                parts.append("h0")
        return "".join(parts)

    @property
    def listed(self) -> str:
        """One line per value, newest first, in columns: time, value, "used", and source.

        The source is left out if it's the same as in the previous line, or for the first line, as
        that of the value in use.
        """
        previous = next((one.origin for one in self.points if one.is_used), "")
        lines: list[str] = []
        for one in reversed(self.points):
            further = ["used" if one.is_used else "", "" if one.origin == previous else one.origin]
            columns = (one.when, one.text, *further)
            lines.append("\t".join(map(_flat, columns)).rstrip("\t"))
            previous = one.origin
        return "\n".join(lines)

    @property
    def extras(self) -> str:
        """The data that the script can't derive from the lines, as JSON, or "" if there's none.

        For each value: null, or the control's value, the same unrounded, and the text in a note.
        """
        overrides = [
            None if self._follows(one) else [one.value, json.loads(one.exact), one.note]
            for one in reversed(self.points)
        ]
        return json.dumps(overrides, ensure_ascii=False) if any(overrides) else ""

    def _follows(self, point: Point) -> bool:
        text, day = _flat(point.text), _DAY.match(point.when)
        note = f"{self.short} {text} ({day[0] if day else ''}, from the chart)"
        number = text.partition(" ")[0]
        same = point.value == number and point.note == note
        return (
            same and _NUMBER.fullmatch(number) is not None and float(number) == float(point.exact)
        )


def _flat(text: str) -> str:
    """Return a text in one line, without tabs."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class InputView:
    """One input of a calculator, with the source of its value.

    `value` is the control's text, and `data` the unrounded value as JSON (null: to be answered).
    `ucum` is the unit as sent, and `unit` as shown. `state` describes what the chart has, and `age`
    the age of the value. `source` is the provenance of the value, `original` the charted
    value before conversion, and `remarks` what else there is to know. `entries` are matching
    diagnoses or drugs, and `older` other values. `short` and `note` are the texts for the input and
    its value in a note, and `standing` is the line. `resource` is the value's resource
    (`Observation/a1`), and `when` its time. `definition` tells what counts as the input, and
    `points` what its value adds to a score (`+2`; "": no points or no value), and `worth` what a
    "yes" would add. `trend` has all usable charted values of a number if there are several.
    `is_undated` means that the charted value in use has no date.
    """

    name: str
    label: str
    short: str
    kind: Kind
    optional: bool
    value: str
    data: str
    ucum: str
    unit: str
    choices: tuple[tuple[str, str], ...]
    state: str
    look: Look
    age: str
    age_look: str
    source: str
    original: str
    remarks: tuple[str, ...]
    entries: tuple[EntryView, ...]
    older: tuple[EntryView, ...]
    note: str
    standing: Standing
    resource: str
    trend: Trend | None = None
    when: str = ""
    definition: str = ""
    points: str = ""
    worth: str = ""
    is_undated: bool = False

    @property
    def is_only_worth(self) -> bool:
        """Whether to show what a "yes" would add, because the item adds nothing now."""
        return self.worth not in ("", "0") and self.points in ("", "0")

    @property
    def named(self) -> tuple[str, str]:
        """The label in two parts: the first words, and the rest, for wide screens only."""
        is_cut = self.label.startswith(self.short)
        return (self.short, self.label[len(self.short) :]) if is_cut else (self.label, "")

    @property
    def others(self) -> tuple[EntryView, ...]:
        """The other values that aren't in the trend."""
        listed = {(one.text, one.when) for one in self.trend.points} if self.trend else set()
        return tuple(one for one in self.older if (one.text, one.when) not in listed)


@dataclass(frozen=True, slots=True)
class CalculatorView:
    """One calculator, filled from the chart.

    `provenance` summarizes the sources of the values. `lacking` names the inputs without a value,
    each with the reason, and `needs` is the short form. `reason` tells why it doesn't apply. Read
    `warnings` (from the chart) and `notes` (from the calculator) before using a result. `reported`
    are charted values of the same kind, shown but never used. `note` is the result as text.
    `quality` are the remarks on its charted values, which the page shows once for all calculators.
    `unread` tells what couldn't be read from the chart, and why. `subject` is its subject in a
    word, and `is_charted` means that the patient has that problem. `is_done` means that the chart
    shows the action that a result would ask for. `rank` is lowest for the most relevant.
    """

    calculator: Calculator
    group: Group
    results: tuple[ResultView, ...]
    provenance: str
    lacking: tuple[str, ...]
    needs: str
    reason: str
    warnings: tuple[Caution, ...]
    notes: tuple[str, ...]
    inputs: tuple[InputView, ...]
    reported: tuple[EntryView, ...]
    note: str
    quality: tuple[Caution, ...] = ()
    unread: tuple[str, ...] = ()
    trend: Trend | None = None
    subject: str = ""
    is_charted: bool = False
    is_done: bool = False
    rank: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def name(self) -> str:
        """Its name in URLs."""
        return self.calculator.name

    @property
    def hint(self) -> str:
        """The row's text for the result, or why there's none."""
        if self.calculator.mark:
            return self.calculator.mark
        if self.group in ("not_applicable", "turned_off"):
            first = self.reason.partition("; ")[0].partition(":")[0].partition(" (")[0]
            return first.removesuffix(" in the chart")
        if self.headline:
            return self.headline[0].short
        return self.needs

    @property
    def cautions(self) -> tuple[str, ...]:
        """Everything to read before using a result, the most serious first."""
        grave = [one.text for one in self.warnings if one.grave]
        return (*grave, *self.notes, *(one.text for one in self.warnings if not one.grave))

    def is_in_heading(self, result: ResultView) -> bool:
        """Whether the heading shows a result completely: its number, or why there's none."""
        if result.printed or not result.refused:
            return self.headline[:1] == (result,)
        first = self.results[0].refused if self.lacking and not self.headline else ""
        return result.refused in (first, *self.reason.split("; "))

    @property
    def first_caution(self) -> str:
        """The most serious one, with its charted entry, and how many more there are."""
        first, *more = self.cautions
        entry = next((one.entry for one in self.warnings if one.text == first), "")
        rest = f" (and {len(more)} more)" if more else ""
        return ": ".join(filter(None, (first.rstrip("."), entry))) + rest

    @property
    def noted(self) -> tuple[str, ...]:
        """The cautions of a note, which has the remarks on the charted values too."""
        return (*self.cautions, *(one.text for one in self.quality))

    @property
    def quality_data(self) -> str:
        """The same remarks as JSON for the script, each with the input that it's about."""
        return json.dumps([[one.about, one.text] for one in self.quality], ensure_ascii=False)

    @property
    def has_mark_of_caution(self) -> bool:
        """Whether the row shows that there's a caution, other than about charted values."""
        # A note is about a result, not about what a score could become.
        is_result = any(not result.refused for result in self.results)
        marks = any(one.marks for one in self.warnings) or (is_result and self.notes != ())
        return bool(self.headline) and marks and not self.mark

    @property
    def mark(self) -> str:
        """The row's mark if a document asks for action on the result, or ""."""
        if not self.headline or not self.headline[0].action:
            return ""
        return "urgent" if self.headline[0].is_urgent else "action"

    @property
    def headline(self) -> tuple[ResultView, ...]:
        """The outputs for row and heading: computed ones, or the ranges of scores."""
        if self.group not in ("computed", "lacking"):
            return ()
        computed = tuple(result for result in self.results if not result.refused)
        return computed or tuple(result for result in self.results if result.printed)
