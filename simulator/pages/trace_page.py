"""The trace lists the requests that the EHR received, grouped by launch, newest launch first, with
the result of each check. `/trace` is for people, `/_trace` for tests.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from simulator.common.html import page
from simulator.common.redirects import redirect
from simulator.faults.named import FAULTS, Fault
from simulator.trace import LaunchTrace, Notes
from simulator.trace.log import TraceLog, as_json
from simulator.trace.verdict import Verdict, verdict
from simulator.vendors.installation import Installation

_MOST_LAUNCHES = 30
_MOST_OTHERS = 50


@dataclass(frozen=True, slots=True)
class _Row:
    """One request, as shown; expanded if it had a fault or an error."""

    entry: Notes
    time: str
    faults: Sequence[Fault]

    @property
    def is_open(self) -> bool:
        return bool(self.faults or self.entry.wrong) or not self.entry.is_good


@dataclass(frozen=True, slots=True)
class _Launch:
    """One launch, as shown."""

    launch_trace: LaunchTrace
    ehr: str
    app: str
    began: str
    faults: Sequence[tuple[Fault, bool]]
    verdict: Verdict
    rows: Sequence[_Row]


def trace_blueprint(ehrs: Sequence[Installation], log: TraceLog) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("trace", __name__)
    names = {one.client_id: one.name for ehr in ehrs for one in ehr.registrations.values()}
    titles = {ehr.profile.key: ehr.profile.title for ehr in ehrs}

    @routes.get("/trace")
    def trace_() -> Response:
        client = request.args.get("client", "")
        chosen = client if client in names else ""
        kept = [one for one in log.entries() if chosen in ("", one.client) or not one.client]
        launches = [
            _launch(launch_trace, entries, titles, names)
            for launch_trace, entries in _by_launch_trace(kept)
            if chosen in ("", launch_trace.client)
        ]
        others = [_row(one) for one in kept if one.launch_trace is None]
        return page(
            "trace.html",
            form_action=["'self'"],
            script="trace.js",
            newest=max((one.number for one in log.entries()), default=0),
            launches=launches[:_MOST_LAUNCHES],
            left_out=max(0, len(launches) - _MOST_LAUNCHES),
            others=others[-_MOST_OTHERS:],
            clients=names,
            chosen=chosen,
            active_faults=[
                (ehr.profile.title, [FAULTS[one] for one in ehr.control.faults.names()])
                for ehr in ehrs
                if ehr.control.faults.names()
            ],
        )

    @routes.get("/again")
    def again() -> Response:
        """Launch again from the chart of the launch with this `mark`, or of the newest launch."""
        launches = [one for one, _ in _by_launch_trace(log.entries()) if one.again]
        named = [one for one in launches if one.mark == request.args.get("launch")]
        return redirect(next((one.again for one in (*named, *launches)), "/"))

    @routes.get("/_trace")
    def listed() -> Response:
        after = request.args.get("after", default=0, type=int)
        entries = [as_json(one) for one in log.entries(after)]
        return Response(json.dumps({"requests": entries}), content_type="application/json")

    return routes


def _by_launch_trace(entries: Iterable[Notes]) -> list[tuple[LaunchTrace, list[Notes]]]:
    """Group entries by launch; the launch that started last comes first."""
    grouped: dict[str, tuple[LaunchTrace, list[Notes]]] = {}
    for one in entries:
        if one.launch_trace is not None:
            grouped.setdefault(one.launch_trace.id, (one.launch_trace, []))[1].append(one)
    # A chart's request for cards completes after the requests that it causes, so sort by arrival.
    sorted_ = [(one, sorted(own, key=lambda entry: entry.began)) for one, own in grouped.values()]
    return list(reversed(sorted_))


def _launch(
    launch_trace: LaunchTrace,
    entries: Sequence[Notes],
    titles: Mapping[str, str],
    names: Mapping[str, str],
) -> _Launch:
    triggered = {name for one in entries for name in one.faults}
    return _Launch(
        launch_trace=launch_trace,
        ehr=titles[launch_trace.ehr],
        app=names.get(launch_trace.client, launch_trace.client or "An app without a client ID"),
        began=entries[0].began.strftime("%Y-%m-%d %H:%M:%S"),
        faults=[(FAULTS[name], name in triggered) for name in launch_trace.faults],
        verdict=verdict(launch_trace, entries),
        rows=[_row(one) for one in entries],
    )


def _row(entry: Notes) -> _Row:
    time = entry.began.strftime("%H:%M:%S.%f")[:-3]
    return _Row(entry, time, [FAULTS[name] for name in entry.faults])
