"""The parts of the page, each rendered when its data has been read.

No value comes before the patient's name, and none if the patient couldn't be read.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import tzinfo
from functools import cache
from pathlib import Path

from markupsafe import Markup

from clinical import basis, units_in_words
from clinical.calculators import REGISTRY
from clinical.chart import Chart
from clinical.clock import Clock
from shared import log, pages
from shared.config.settings import Settings
from shared.frozen import dataclass
from shared.release import version
from shared.session.sessions import Active

from . import reading, unclassified
from .page import banner, cautions, note, tables
from .page.banner import Banner
from .page.calculator_views import in_groups
from .page.view_models import CalculatorView, Trend
from .reading import ChartReading, Searching
from .reading.awaited import awaited, says_the_same
from .reading.search import Part

_HERE = Path(__file__).parent
_WITHOUT_PATIENT = "not shown, because the patient record could not be read this time"


@cache
def style() -> str:
    """Return the stylesheet that the page has in addition to the shared one."""
    return pages.stylesheet(_HERE / "static" / "app.css")


def dense(name: str) -> str:
    """Return a static file without comment lines and indentation."""
    lines = map(str.strip, (_HERE / "static" / name).read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def _formula(name: str) -> Markup:
    """Return the formula, sources and limits of a calculator, the same for every chart."""
    values = {"calculator": REGISTRY[name], "codes": basis.code_systems(name)}
    return Markup(  # noqa: S704 - our own
        _render("formula.html", version=version(), verified=basis.VERIFIED, **values)
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """A calculator as sent, and the chart that it was made from."""

    view: CalculatorView
    chart: Chart


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class PageParts:
    """The state of one page while it's being sent: patient, time zone, latest chart, and sent
    parts.
    """

    settings: Settings
    active: Active
    searching: Searching
    opened_calculator: str = ""
    zone: tzinfo | None = None
    who: Banner | None = None
    latest: ChartReading | None = None
    sent: dict[str, Sent] = dataclasses.field(default_factory=dict)
    reported: set[str] = dataclasses.field(default_factory=set)

    def as_read(self) -> Iterator[str]:
        """Yield the patient, then the calculators, then the rest of the page."""
        parts: Mapping[str, Part] = {}
        for parts in self.searching.so_far():
            if self.who is None:
                yield from self._identity(parts)
            due = self._due(parts)
            # The first row fixes the time zone of the page.
            known = self.zone is not None or self.searching.has_zone(parts)
            if self.who is not None and due and known:
                chart_reading = self._reading_of(parts)
                if not self.sent:
                    yield self._stamp(chart_reading)
                yield from self._rows(chart_reading, due)
            yield "".join(
                f'<span slot="read-{name}" hidden></span>' for name in self._just_finished(parts)
            )
        chart_reading = self._reading_of(parts)
        if self.who is not None:
            yield from self._changed(chart_reading)
            yield from self._rest(chart_reading)
        yield self._outcome(chart_reading)

    def again(self, parts: Mapping[str, Part], missing: AbstractSet[str]) -> Iterator[str]:
        """Yield the missing parts, but none with less data than the page already shows.

        `parts` are the results of the searches in `missing` and of others that the same rows need.
        If the patient isn't missing, the page shows one. It keeps everything if reading the patient
        fails now, and nothing if the EHR sent a different patient.
        """
        chart_reading = self._reading_of(parts)
        failed = {name for name, part in parts.items() if part.problem}

        def knows_more(names: AbstractSet[str]) -> bool:
            return bool((names & missing) - failed) and names & failed <= missing

        if "patient" in missing:
            yield from self._identity(parts)
        else:
            self.who = self._person(parts)
        if self.who is not None:
            searches = self.searching.searches
            due = [name for name, one in REGISTRY.items() if knows_more(awaited(one, searches))]
            if "patient" in missing:
                yield self._stamp(chart_reading)
            yield from self._rows(chart_reading, due)
            if "patient" in missing:
                yield from self._rest(chart_reading)
            else:
                yield self._values(chart_reading) if knows_more(tables.READ_BY) else ""
                yield self._unclassified(chart_reading) if knows_more(unclassified.READ_BY) else ""
                yield self._quality()
        yield self._outcome(chart_reading, frozenset() if "patient" in missing else missing)

    def _just_finished(self, parts: Mapping[str, Part]) -> Iterable[str]:
        """Return the names of the searches that finished since the last call."""
        finished = parts.keys() - self.reported
        self.reported |= finished
        return sorted(finished)

    def _person(self, parts: Mapping[str, Part]) -> Banner | None:
        part = parts.get("patient")
        person = next(iter(part.resources), None) if part else None
        return None if person is None else banner.read(person, self.searching.now)

    def _identity(self, parts: Mapping[str, Part]) -> Iterator[str]:
        self.who = self._person(parts)
        if self.who is not None:
            yield self.render("banner.html", banner=self.who)

    def _due(self, parts: Mapping[str, Part]) -> list[str]:
        """Return the calculators that have all of their data and weren't sent yet."""
        off, searches = self.active.ehr.app.calculators_off, self.searching.searches
        return [
            name
            for name, calculator in REGISTRY.items()
            if name not in self.sent
            and (name in off or awaited(calculator, searches) <= parts.keys())
        ]

    def _reading_of(self, parts: Mapping[str, Part]) -> ChartReading:
        """Return the chart so far, made once from the same parts.

        The time zone of the first value holds for the whole page.
        """
        if self.latest is None or self.latest.parts is not parts:
            self.zone = self.zone or self.searching.zone_of(parts)
            self.latest = self.searching.chart_of(parts, self.zone)
        return self.latest

    def _views(self, chart_reading: ChartReading, names: Iterable[str]) -> Iterator[CalculatorView]:
        """Return the views of these calculators, the most relevant first."""
        off = frozenset(self.active.ehr.app.calculators_off)
        patient = note.of_patient(self.who)
        ended = (one for one in self.searching.searches if one.name in chart_reading.parts)
        cut = {name for one in ended if chart_reading.parts[one.name].more for name in one.wanted}
        clock = Clock(chart_reading.now)
        groups = in_groups(
            chart_reading.chart, clock, patient, off, names, cut, chart_reading.unread_behind
        )
        return (view for views in groups.values() for view in views)

    def _stamp(self, chart_reading: ChartReading) -> str:
        """Render the data that the scripts need. It comes first, so that a row can be edited at
        once.
        """
        return self.render(
            "stamp.html", clock=Clock(chart_reading.now), patient_note=note.of_patient(self.who)
        )

    def _rows(self, chart_reading: ChartReading, names: Iterable[str]) -> Iterator[str]:
        views = list(self._views(chart_reading, names))
        self.sent |= {view.name: Sent(view, chart_reading.chart) for view in views}
        yield self._render_rows(chart_reading, views, self.opened_calculator)

    def _changed(self, chart_reading: ChartReading) -> Iterator[str]:
        """Yield the rows that the complete chart changes once more.

        A server may have sent the results of one search with those of another.
        """
        others = [
            name
            for name, sent in self.sent.items()
            if not says_the_same(sent.view.calculator, sent.chart, chart_reading.chart)
        ]
        views = self._views(chart_reading, others)
        changed = [view for view in views if view != self.sent[view.name].view]
        yield self._render_rows(chart_reading, changed)

    def _render_rows(
        self, chart_reading: ChartReading, views: Iterable[CalculatorView], opened: str = ""
    ) -> str:
        read_at = units_in_words.plain(Clock(chart_reading.now).read_at)
        drawn: dict[int, Markup] = {}

        def draw(trend: Trend) -> Markup:
            """Render the trend of an input once for all calculators that have the input."""
            if id(trend) not in drawn:
                html = self.render("trend.html", trend=trend, chosen=True)
                drawn[id(trend)] = Markup(html)  # noqa: S704 - our own
            return drawn[id(trend)]

        return self.render("rows.html", views=views, opened=opened, read_at=read_at, draw=draw)

    def _rest(self, chart_reading: ChartReading) -> Iterator[str]:
        """Yield the parts that aren't calculators, with the calculator to open first."""
        yield self._unclassified(chart_reading)
        yield self._quality()
        yield self._values(chart_reading)
        yield self.render(
            "rest.html",
            clock=Clock(chart_reading.now),
            responsible=self.settings.responsible,
            first=min((sent.view.rank, name) for name, sent in self.sent.items())[1],
        )

    def _values(self, chart_reading: ChartReading) -> str:
        clock, habits = Clock(chart_reading.now), self.active.ehr.profile.searches
        values = tables.tables(chart_reading, self.active.session, habits, clock)
        return self.render("values.html", tables=values, clock=clock)

    def _unclassified(self, chart_reading: ChartReading) -> str:
        clock = Clock(chart_reading.now)
        view = unclassified.view(chart_reading.chart, clock)
        return self.render("unclassified.html", unclassified=view) if view else ""

    def _quality(self) -> str:
        """Render the remarks on the values behind the results sent so far, each of them once."""
        views = [sent.view for sent in self.sent.values() if sent.view.headline]
        # In the page's order, whichever search the EHR answered first.
        views.sort(key=lambda view: view.rank)
        text = cautions.of_the_page(one for view in views for one in view.quality)
        return self.render("quality.html", quality=text) if text else ""

    def _outcome(self, chart_reading: ChartReading, again: AbstractSet[str] = frozenset()) -> str:
        """Render the message that the chart was read, or what couldn't be read and why.

        `again` names the searches that were missing on a page that shows a patient.
        """
        unread = dict(chart_reading.unread)
        keeps = bool(again) and not chart_reading.parts["patient"].is_foreign
        if keeps and self.who is None:
            unread |= dict.fromkeys(sorted(again - unread.keys()), _WITHOUT_PATIENT)
        return self.render(
            "unread.html" if self.who or keeps else "nobody.html",
            clock=Clock(chart_reading.now),
            again=bool(again),
            unread=_in_words(unread),
            # The patient isn't missing on a page that keeps one.
            failed=[name for name in unread if not (keeps and name == "patient")],
            technical=chart_reading.technical,
            nothing_read=chart_reading.is_empty,
            set_aside=chart_reading.set_aside,
            problem=chart_reading.parts["patient"].problem,
            made_at=self.searching.now,
        )

    def render(self, template: str, **values: object) -> str:
        """Render a template of the page, with the session and the formulas added to its values."""
        session = self.active.session
        of_session = {
            "ehr": self.active.ehr.name,
            "user": session.user.name if session.user else None,
            "full_banner": session.context.need_patient_banner is not False,
            "granted": session.granted,
            "correlation_id": log.correlation_id(),
            "version": version(),
        }
        return _render(template, formula=_formula, **of_session, **values)


def _render(template: str, **values: object) -> str:
    return pages.render(template, _HERE / "templates", style(), **values)


def _in_words(unread: Mapping[str, str]) -> Mapping[str, str]:
    """Return the purposes that couldn't be read and the reason, grouped by reason."""
    by_problem: dict[str, list[str]] = {}
    for name, problem in unread.items():
        by_problem.setdefault(problem, []).append(reading.PURPOSES[name])
    return {"; ".join(purposes): problem for problem, purposes in by_problem.items()}
