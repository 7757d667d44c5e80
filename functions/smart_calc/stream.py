"""The page as it is sent: a frame at once, then whose chart it is, then each part as it comes.

One answer, and nothing that needs a script: a part is sent when all that it is made of has been
read, and the slots of the list (declarative shadow DOM, HTML "shadowrootmode") put it in its place,
for the eye as for keyboard and screen reader. No value is sent before the patient's name, and none
where the patient could not be read. What is found out when the answer is under way, such as the end
of the session, is told at its place.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cache
from pathlib import Path

from markupsafe import Markup

from clinical import basis, units_in_words
from clinical.calculators import REGISTRY
from clinical.chart import Chart
from clinical.clock import Clock
from shared import json_members, log, pages
from shared.config.settings import Settings
from shared.findings import Finding
from shared.inbound.refusal import Refusal
from shared.release import VERSION
from shared.session import context
from shared.session.sessions import Active

from . import reading, unclassified
from .page import banner, cards, note, tables
from .page.banner import Banner
from .page.view_models import CalculatorView, Group
from .reading import ChartReading, Searching
from .reading.awaited import awaited, says_the_same
from .reading.search import Part

_HERE = Path(__file__).parent
_SCRIPTS = ("session.js", "calculators.js", "list.js", "results.js")
_COMMENT = re.compile(r"//.*|/\*[^*]*\*/")
# Where in the frame the parts follow.
_HERE_FOLLOWS = "<!-- parts -->"

Parts = Mapping[str, Part]
Late = Callable[[Exception], Refusal]


@dataclass(frozen=True, slots=True)
class MissingScopes:
    """Scopes that were not granted for one reason."""

    scopes: list[str]
    cause: Finding


@cache
def script() -> str:
    """The scripts of the page as one, so that the policy names one hash."""
    return "\n".join(_dense(name) for name in _SCRIPTS)


@cache
def style() -> str:
    """The stylesheet of the page beside the one that all pages share."""
    return _dense("app.css")


def _dense(name: str) -> str:
    """A static file without what is for its readers alone: lines of comment, indentation."""
    lines = map(str.strip, (_HERE / "static" / name).read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not _COMMENT.fullmatch(line))


@cache
def _formula(name: str) -> Markup:
    """Formula, sources and limits of a calculator, which no chart changes."""
    values = {"calculator": REGISTRY[name], "codes": basis.code_systems(name)}
    return Markup(  # noqa: S704 - our own
        _render("formula.html", version=VERSION, verified=basis.VERIFIED, **values)
    )


def page(settings: Settings, active: Active, searching: Searching, late: Late) -> Iterator[str]:
    """The page, part by part.

    `late` logs a failure that comes when the answer is under way and gives what to say of it.
    """
    opened = _opened(active)
    of_session = _of_session(active)
    frame = _render("app.html", script=Markup(script()), **of_session)  # noqa: S704 - our own
    before, _, after = frame.partition(_HERE_FOLLOWS)
    yield before
    made = _Page(settings, active, searching, of_session, opened)
    try:
        yield from made.parts()
        log.event("app_opened", "page shown")
    except Exception as error:  # noqa: BLE001 - as at the edge: logged without text, told in place
        yield made.ended() + _render(
            "late.html", refusal=late(error), is_listing=made.is_listing, **of_session
        )
    finally:
        searching.arrivals.close()
    yield after


@dataclass(frozen=True, slots=True)
class Sent:
    """A calculator as it was sent, and the chart of which it was made."""

    view: CalculatorView
    chart: Chart


@dataclass(slots=True)
class _Page:
    """One page while it is sent: whose it is, its time zone, the latest chart, and what was sent
    of the list.
    """

    settings: Settings
    active: Active
    searching: Searching
    of_session: Mapping[str, object]
    opened: str
    who: Banner | None = None
    zone: tzinfo | None = None
    latest: ChartReading | None = None
    sent: dict[str, Sent] = field(default_factory=dict)
    titled: set[str] = field(default_factory=set)
    is_listing: bool = False

    def parts(self) -> Iterator[str]:
        """Whose chart it is, the calculators, what else there is to say."""
        parts: Parts = {}
        for parts in self.searching.so_far():
            if self.who is None:
                yield from self._identity(parts)
            due = self._due(parts)
            # The first row fixes the time zone of the page.
            known = self.zone is not None or self.searching.has_zone(parts)
            if self.who is not None and due and known:
                yield from self._rows(self._made(parts), due)
        made = self._made(parts)
        if self.who is None:
            yield self._render("nobody.html", **self._problems(made))
            return
        yield from self._changed(made)
        if not self.is_listing:
            yield self._list(made)
        yield self._render(
            "rest.html",
            clock=Clock(made.now),
            tables=self._tables(made),
            unclassified=unclassified.view(made.chart, Clock(made.now)),
            responsible=self.settings.responsible,
            **self._problems(made),
        )

    def ended(self) -> str:
        """What ends the list where it was begun."""
        return "</div></main>" if self.is_listing else ""

    def _identity(self, parts: Parts) -> Iterator[str]:
        part = parts.get("patient")
        person = next(iter(part.resources), None) if part else None
        if person is not None:
            self.who = banner.read(person, self.searching.now)
            yield self._render("banner.html", banner=self.who)

    def _due(self, parts: Parts) -> list[str]:
        """The calculators for which everything has come, and that were not sent yet."""
        off, searches = self.settings.calculators_off, self.searching.searches
        return [
            name
            for name, calculator in REGISTRY.items()
            if name not in self.sent
            and (name in off or awaited(calculator, searches) <= parts.keys())
        ]

    def _made(self, parts: Parts) -> ChartReading:
        """The chart so far, made once of the same parts. All of a page has the zone of its first
        value.
        """
        if self.latest is None or self.latest.parts is not parts:
            self.zone = self.zone or self.searching.zone_of(parts)
            self.latest = self.searching.chart_of(parts, self.zone)
        return self.latest

    def _views(
        self, made: ChartReading, names: Iterable[str]
    ) -> Mapping[Group, tuple[CalculatorView, ...]]:
        off, patient = frozenset(self.settings.calculators_off), note.of_patient(self.who)
        ended = (one for one in self.searching.searches if one.name in made.parts)
        cut = {name for one in ended if made.parts[one.name].more for name in one.wanted}
        clock = Clock(made.now)
        return cards.views(made.chart, clock, patient, off, names, cut, made.unread_behind)

    def _list(self, made: ChartReading) -> str:
        self.is_listing = True
        return self._render(
            "list.html",
            clock=Clock(made.now),
            patient_note=note.of_patient(self.who),
            read_note=units_in_words.plain(Clock(made.now).read_at),
            places=cards.PLACES,
        )

    def _rows(self, made: ChartReading, names: Iterable[str]) -> Iterator[str]:
        if not self.is_listing:
            yield self._list(made)
        for group, views in self._views(made, names).items():
            title = cards.GROUPS[group] if group not in self.titled else ""
            self.titled.add(group)
            self.sent |= {view.name: Sent(view, made.chart) for view in views}
            yield self._render(
                "rows.html", group=group, title=title, views=views, opened=self.opened
            )

    def _changed(self, made: ChartReading) -> Iterator[str]:
        """The rows that all of the chart changes, again: a server may have answered one search
        with what belongs to another.
        """
        others = [
            name
            for name, sent in self.sent.items()
            if not says_the_same(sent.view.calculator, sent.chart, made.chart)
        ]
        for group, views in self._views(made, others).items():
            changed = tuple(view for view in views if view != self.sent[view.name].view)
            if changed:
                title = cards.GROUPS[group] if group not in self.titled else ""
                self.titled.add(group)
                yield self._render("rows.html", group=group, title=title, views=changed, opened="")

    def _tables(self, made: ChartReading) -> list[tables.ValueTable]:
        habits = self.active.ehr.profile.searches
        return tables.tables(made, self.active.session, habits, Clock(made.now))

    def _problems(self, made: ChartReading) -> Mapping[str, object]:
        """What was not granted, and what could not be read."""
        reading.tell_foreign(made)
        return {
            "missing": _missing(self.active),
            "unread": _unread(made),
            "technical": made.technical,
            "nothing_read": made.is_empty,
            "problem": made.parts["patient"].problem,
            "made_at": self.searching.now,
        }

    def _render(self, template: str, **values: object) -> str:
        return _render(template, formula=_formula, **{**self.of_session, **values})


def _opened(active: Active) -> str:
    """The calculator of the card that led here (CDS Hooks 2.0, `appContext`), open from the start;
    empty where none is named. The address has it as a fragment, too, which only a script follows.
    """
    given = json_members.document(active.session.context.app_context or "") or {}
    return json_members.text(given.get("calculator"))


def _render(template: str, **values: object) -> str:
    return pages.render(template, _HERE / "templates", style(), **values)


def _of_session(active: Active) -> Mapping[str, object]:
    session = active.session
    return {
        "ehr": active.ehr.name,
        "user": session.user.name if session.user else None,
        "full_banner": session.context.need_patient_banner is not False,
        "granted": session.granted,
        "correlation_id": log.correlation_id(),
        "version": VERSION,
    }


def _unread(made: ChartReading) -> Mapping[str, str]:
    """What could not be read, in words, and why; what has one reason stands together."""
    by_problem: dict[str, list[str]] = {}
    for name, problem in made.unread.items():
        by_problem.setdefault(problem, []).append(reading.PURPOSES[name])
    return {"; ".join(purposes): problem for problem, purposes in by_problem.items()}


def _missing(active: Active) -> list[MissingScopes]:
    """What was asked for and not granted, by the reason."""
    by_cause: dict[str, MissingScopes] = {}
    for scope in active.session.missing:
        why = context.cause(active.session, active.ehr.vendor, scope)
        by_cause.setdefault(why.id, MissingScopes([], why)).scopes.append(scope)
    return list(by_cause.values())
