"""The start page: choose an EHR, a user and a fault, then launch an app from a chart.

Every choice is a link or a form that reloads the page, so it needs no script and you can bookmark
its URL.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from simulator.charts.users import CLINICIANS, DEFAULT_USER
from simulator.common.addresses import path_of
from simulator.common.html import fault_page, page
from simulator.common.redirects import redirect
from simulator.faults.authorize_faults import AUTHORIZE_FAULTS
from simulator.faults.named import FAULTS, Fault, Faults, UnknownFaultError
from simulator.oauth.registrations import Registration
from simulator.pages import fault_search
from simulator.pages.chart_pages import BEFORE_LAUNCHES, no_such_fault
from simulator.vendors.installation import Installation

_LONGEST_FIND = 100
_MOST_MATCHES = 12
_HEADINGS = {
    "discovery": "Discovery",
    "jwks": "Signing keys",
    "refusal": "The authorization endpoint refuses",
    "page": "The authorization endpoint shows a page instead",
    "answer": "The authorization endpoint's response is wrong",
    "grant": "The EHR grants less than requested",
    "exchange": "Token request",
    "refresh": "Refresh",
    "fhir": "FHIR requests",
    "revoke": "Revocation",
    "cds": "Call to a CDS service",
}


@dataclass(frozen=True, slots=True)
class _Registered:
    """The values that an app's developer enters for one EHR."""

    ehr: Installation
    clients: Sequence[Registration]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the search found at one EHR: each fault with the label and URL of what triggers it. A
    fault without a label is for all requests. `more` faults aren't shown.
    """

    title: str
    key: str
    rows: Sequence[tuple[Fault, str, str]]
    more: int


def front_blueprint(ehrs: Sequence[Installation]) -> Blueprint:
    """Return the start page and the list of faults for tests."""
    routes = Blueprint("front", __name__)
    starting = {one.profile.key: one for one in ehrs if one.addresses.start is not None}

    @routes.get("/")
    def front() -> Response:
        key = request.args.get("ehr", "")
        ehr = starting.get(key) or ehrs[0]
        user = request.args.get("user", "")
        chosen = {
            "ehr": ehr.profile.key,
            "user": user if user in CLINICIANS else DEFAULT_USER,
            "fault": request.args.get("fault", ""),
        }
        fault = FAULTS.get(chosen["fault"])
        if fault is None or chosen["ehr"] not in fault.ehrs or _is_before(fault):
            fault, chosen["fault"] = None, ""
        grouped = _grouped(ehr)
        find = request.args.get("find", "")[:_LONGEST_FIND].strip()
        start = path_of(ehr.addresses.start or "")
        return page(
            "front.html",
            form_action=["'self'"],
            tabs=[
                (one.profile.title, _url(chosen, ehr=name), name == chosen["ehr"])
                for name, one in starting.items()
            ],
            users=[
                (one.name, _url(chosen, user=name), name == chosen["user"])
                for name, one in CLINICIANS.items()
            ],
            chosen=chosen,
            fault=fault,
            without_fault=_url(chosen, fault=""),
            all_faults=f"{_url(chosen)}#fault",
            of_launches={
                heading: entries
                for heading, entries in grouped.items()
                if not _is_before(entries[0])
            },
            of_all=grouped,
            find=find,
            found=[
                _found(one, rows, chosen)
                for one, rows in fault_search.search([ehr, *starting.values()], find)
            ],
            where=fault_search.where([ehr, *starting.values()], find),
            active_faults=[FAULTS[one] for one in ehr.control.faults.names()],
            patients=ehr.charts.patients(),
            first=ehr.charts.patients()[0],
            clients=_clients(ehr),
            start=start,
            chart=f"{start.removesuffix('/start')}/chart",
            side_by_side=f"{start.removesuffix('/start')}/side-by-side",
            launch={name: value for name, value in chosen.items() if name != "ehr" and value},
            registered=[
                _Registered(one, _clients(one))
                for one in ehrs
                if one.profile.vendor == ehr.profile.vendor
            ],
        )

    @routes.post("/faults")
    def apply_faults() -> Response:
        ehr = starting.get(request.form.get("ehr", ""))
        if ehr is None:
            return fault_page(400, "No such EHR", "Choose an EHR on the start page.")
        try:
            chosen = Faults(request.form.get("faults", ""))
            chosen.require_of(ehr.profile.key)
        except UnknownFaultError as error:
            return no_such_fault(error)
        ehr.control.faults = chosen
        query = {"ehr": ehr.profile.key, "user": request.form.get("user", DEFAULT_USER)}
        return redirect(f"/?{urlencode(query)}#for-all", 303)

    @routes.get("/_faults")
    def faults() -> Response:
        listed = [
            {"name": one.name, "place": one.place, "title": one.title, "ehrs": one.ehrs}
            for one in FAULTS.values()
        ]
        return Response(json.dumps({"faults": listed}), content_type="application/json")

    return routes


def _url(chosen: Mapping[str, str], **changes: str) -> str:
    query = {name: value for name, value in {**chosen, **changes}.items() if value}
    return f"/?{urlencode(query)}"


def _clients(ehr: Installation) -> list[Registration]:
    """Return the clients whose apps this EHR can launch."""
    return [
        one
        for one in ehr.registrations.values()
        if one.launches and ehr.profile.persona in (None, one.type)
    ]


def _found(ehr: Installation, faults: Sequence[Fault], chosen: Mapping[str, str]) -> _Found:
    """Return what to show of the faults that the search found at an EHR."""
    start, clients = path_of(ehr.addresses.start or ""), _clients(ehr)
    at = {"patient": ehr.charts.patients()[0].id, "user": chosen["user"]}
    rows = []
    for one in faults[:_MOST_MATCHES]:
        if one.place == "cds":
            label, query = (
                "Open a chart",
                f"{start.removesuffix('/start')}/chart?{urlencode({**at, 'fault': one.name})}",
            )
        elif _is_before(one) or not clients:
            label, query = "", ""
        else:
            more = {"client": clients[0].client_id, "fault": one.name, "in": "tab"}
            label, query = "Launch", f"{start}?{urlencode({**at, **more})}"
        rows.append((one, label, query))
    return _Found(ehr.profile.title, ehr.profile.key, rows, len(faults) - len(rows))


def _is_before(fault: Fault) -> bool:
    """Return whether it's triggered before the EHR knows the launch, so no launch can have it."""
    return fault.place in BEFORE_LAUNCHES


def _grouped(ehr: Installation) -> Mapping[str, Sequence[Fault]]:
    """Return the faults that this EHR supports, by heading; vendor-specific ones come first."""
    grouped: dict[str, list[Fault]] = {}
    here = [one for one in FAULTS.values() if ehr.profile.key in one.ehrs]
    for one in sorted(here, key=lambda fault: not fault_search.is_own(fault, ehr.profile.vendor)):
        kind = AUTHORIZE_FAULTS[one.name].how if one.place == "authorize" else one.place
        heading = _HEADINGS[kind]
        if fault_search.is_own(one, ehr.profile.vendor):
            # Don't lowercase an acronym.
            inside = heading if heading[:2].isupper() else heading[0].lower() + heading[1:]
            heading = f"{ehr.profile.title}: {inside}"
        grouped.setdefault(heading, []).append(one)
    return grouped
