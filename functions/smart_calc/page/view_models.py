"""The view models of the calculators: each field is text to print, or says how to look."""

import json
import re
from dataclasses import dataclass
from typing import Literal

from clinical.calculators.model import Calculator

from .bands import BandBar

Kind = Literal["number", "flag", "choice"]
Look = Literal["good", "warn", "bad", "assumed", ""]
# Which line of a note lists an input; `failed` is for what could not be read.
Standing = Literal["found", "entered", "assumed", "open", "failed"]
Group = Literal["computed", "lacking", "incomplete", "not_applicable", "off", "turned_off"]

# The day of a time as it is shown, or less where less is charted.
_DAY = re.compile(r"(?:\d+ )?(?:[A-Z][a-z]+ )?\d{4}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class ResultView:
    """One output: computed (`printed`, and `band` with what it means) or not (`refused` says why).

    A score that lacks answers has both: `printed` is then its range. `bar` draws the bands, `short`
    is what a row says of the number.
    """

    name: str
    label: str
    printed: str
    unit: str
    band: str
    refused: str
    bar: BandBar | None = None
    short: str = ""


@dataclass(frozen=True, slots=True)
class Caution:
    """A sentence to read before a result is used.

    `about` is the input whose charted value it is about (empty: no single one): another value in
    its place ends it. A `grave` one, by which the result may not hold at all, is said first.
    `entry` is the charted entry that it rests on, which notes leave out.
    """

    text: str
    about: str = ""
    grave: bool = False
    entry: str = ""


@dataclass(frozen=True, slots=True)
class EntryView:
    """A charted entry beside an input: what it says, when, and what there is to know about it.

    `value` is what the control would hold if the entry were taken (empty: it cannot be), `exact`
    the same unrounded, as JSON, `note` how a note names it then, `origin` where it comes from.
    """

    text: str
    when: str
    remark: str = ""
    value: str = ""
    exact: str = "null"
    note: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a trend: what is charted and when, `x` and `y` where it is drawn.

    `value`, `exact`, `note`, `origin` as of an `EntryView`; `is_used`: the calculator takes it.
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
    """Values over time, the oldest first: at least two.

    Drawn and listed in as few elements as can be: of most calculators it is never looked at, and a
    page has thirty. The script makes dots and a table of it where the calculator is opened.
    `said` is how many there are and how far back; `short` is how a note names the input. `low` and
    `high` are the ends of the scale, `first` and `last` the days of the oldest and the newest
    value. `gaps` are the numbers of the points that no line joins to the one before.
    """

    points: tuple[Point, ...]
    said: str
    short: str = ""
    low: str = ""
    high: str = ""
    first: str = ""
    last: str = ""
    gaps: frozenset[int] = frozenset()

    @property
    def line(self) -> str:
        """The path of an SVG drawing, with a place for each point; a lone one is a dot."""
        parts = []
        for number, one in enumerate(self.points):
            begins = number == 0 or number in self.gaps
            parts.append(f"{'M' if begins else 'L'}{one.x:g},{one.y:g}")
            if begins and (number + 1 == len(self.points) or number + 1 in self.gaps):
                parts.append("h0")
        return "".join(parts)

    @property
    def listed(self) -> str:
        """A line each, the newest first: time, value, which one is used, and where it comes from
        unless that's as in the line before, of the first line as of the used one, in columns.
        """
        known = next((one.origin for one in self.points if one.is_used), "")
        lines: list[str] = []
        for one in reversed(self.points):
            further = ["used" if one.is_used else "", "" if one.origin == known else one.origin]
            columns = (one.when, one.text, *further)
            lines.append("\t".join(map(_flat, columns)).rstrip("\t"))
            known = one.origin
        return "\n".join(lines)

    @property
    def given(self) -> str:
        """As JSON what the script cannot tell from the lines: for each null, or what its control
        would hold, the same unrounded, and how a note names it; empty where that is none.
        """
        told = [
            None if self._follows(one) else [one.value, json.loads(one.exact), one.note]
            for one in reversed(self.points)
        ]
        return json.dumps(told, ensure_ascii=False) if any(told) else ""

    def _follows(self, point: Point) -> bool:
        text, day = _flat(point.text), _DAY.match(point.when)
        note = f"{self.short} {text} ({day[0] if day else ''}, from the chart)"
        number = text.partition(" ")[0]
        same = point.value == number and point.note == note
        return (
            same and _NUMBER.fullmatch(number) is not None and float(number) == float(point.exact)
        )


def _flat(text: str) -> str:
    """A text in one line, without tabulators."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class InputView:
    """One input of a calculator with where its value comes from.

    `value` is what the control shows, `data` the unrounded value as JSON (null: to be answered),
    `ucum` its unit as sent and `unit` as shown; `state` tells in words how the chart answered,
    `age` how old the value is. `source` is the provenance of the value, `original` the value as
    charted where it was converted, `remarks` what else there is to know, `entries` diagnoses or
    drugs that match, `older` other values. `short` and `note` are how a note names the input and
    its value, `standing` on which line. `resource` is the resource that the value is of
    (`Observation/a1`), `when` its time. `definition` says what counts as it, `points` what its
    value adds to a score (`+2`; empty: no points, or no value). `trend` are all charted values of a
    number that can be used, where there are several.
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

    @property
    def others(self) -> tuple[EntryView, ...]:
        """The other values that are not among those over time."""
        listed = {(one.text, one.when) for one in self.trend.points} if self.trend else set()
        return tuple(one for one in self.older if (one.text, one.when) not in listed)


@dataclass(frozen=True, slots=True)
class CalculatorView:
    """One calculator as the chart fills it.

    `provenance` sums up where the values come from; `lacking` names the inputs without a value,
    each with why, `needs` in short; `reason` says why it does not apply. `warnings` (of the chart)
    and `notes` (of the calculator) are to be read before a result is used; `beside` are charted
    values of the same kind, shown and never used; `note` is the result as text, `unread` what of
    the chart behind it could not be read, with why. `problem` says in a word what it is about,
    `is_charted` that this patient has it; `rank` is lowest where it matters most.
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
    beside: tuple[EntryView, ...]
    note: str
    unread: tuple[str, ...] = ()
    trend: Trend | None = None
    problem: str = ""
    is_charted: bool = False
    rank: tuple[int, int, int] = (0, 0, 0)

    @property
    def name(self) -> str:
        """Its name in addresses."""
        return self.calculator.name

    @property
    def hint(self) -> str:
        """What its row says of the result, or why there is none."""
        if self.calculator.mark:
            return self.calculator.mark
        if self.group in ("not_applicable", "turned_off"):
            return self.reason.partition(":")[0].removesuffix(" in the chart")
        if self.headline:
            return self.headline[0].short
        return self.needs

    @property
    def cautions(self) -> tuple[str, ...]:
        """All that is to be read before a result is used, the gravest first."""
        grave = [one.text for one in self.warnings if one.grave]
        return (*grave, *self.notes, *(one.text for one in self.warnings if not one.grave))

    @property
    def headline(self) -> tuple[ResultView, ...]:
        """The outputs for row and head: those that there are, else the ranges of scores."""
        if self.group not in ("computed", "lacking"):
            return ()
        computed = tuple(result for result in self.results if not result.refused)
        return computed or tuple(result for result in self.results if result.printed)
