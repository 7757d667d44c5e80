"""The start page: choose an EHR, who is signed in and what goes wrong, then launch from a chart.

Every choice is a link or a form that loads the page anew, so it needs no script and its address
can be kept.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from simulator.addresses import path_of
from simulator.authorize_faults import AUTHORIZE_FAULTS
from simulator.faults import FAULTS, Fault
from simulator.installation import Installation
from simulator.pages import page
from simulator.registrations import Registration
from simulator.users import CLINICIANS, DEFAULT_USER

_HEADINGS = {
    "refusal": "The authorization endpoint refuses",
    "page": "The authorization endpoint shows a page instead",
    "answer": "The authorization endpoint answers wrongly",
    "grant": "Less is granted than asked",
    "exchange": "Token request",
    "refresh": "Refresh",
    "fhir": "FHIR requests",
    "revoke": "Revocation",
}


@dataclass(frozen=True, slots=True)
class _Registered:
    """What to enter for one EHR."""

    ehr: Installation
    clients: Sequence[Registration]


def front_blueprint(ehrs: Sequence[Installation]) -> Blueprint:
    """Return the start page and the list of faults for tests."""
    routes = Blueprint("front", __name__)
    starting = {one.personality.key: one for one in ehrs if one.addresses.start is not None}

    @routes.get("/")
    def front() -> Response:
        key = request.args.get("ehr", "")
        ehr = starting.get(key) or ehrs[0]
        user = request.args.get("user", "")
        chosen = {
            "ehr": ehr.personality.key,
            "user": user if user in CLINICIANS else DEFAULT_USER,
            "fault": request.args.get("fault", ""),
        }
        fault = FAULTS.get(chosen["fault"])
        if fault is None or chosen["ehr"] not in fault.personalities:
            fault, chosen["fault"] = None, ""
        return page(
            "front.html",
            form_action=["'self'"],
            tabs=[
                (one.personality.title, _address(chosen, ehr=name), name == chosen["ehr"])
                for name, one in starting.items()
            ],
            users=[
                (one.name, _address(chosen, user=name), name == chosen["user"])
                for name, one in CLINICIANS.items()
            ],
            chosen=chosen,
            fault=fault,
            without_fault=_address(chosen, fault=""),
            faults=_grouped(ehr.personality.key),
            patients=ehr.charts.patients(),
            clients=_clients(ehr),
            start=path_of(ehr.addresses.start or ""),
            launch={name: value for name, value in chosen.items() if name != "ehr" and value},
            registered=[
                _Registered(one, _clients(one))
                for one in ehrs
                if one.personality.vendor == ehr.personality.vendor
            ],
        )

    @routes.get("/_faults")
    def faults() -> Response:
        listed = [
            {
                "name": one.name,
                "place": one.place,
                "title": one.title,
                "personalities": one.personalities,
            }
            for one in FAULTS.values()
        ]
        return Response(json.dumps({"faults": listed}), content_type="application/json")

    return routes


def _address(chosen: Mapping[str, str], **changes: str) -> str:
    query = {name: value for name, value in {**chosen, **changes}.items() if value}
    return f"/?{urlencode(query)}"


def _clients(ehr: Installation) -> list[Registration]:
    """Return the clients whose apps can start here."""
    return [
        one for one in ehr.registrations.values() if ehr.personality.persona in (None, one.type)
    ]


def _grouped(personality_key: str) -> Mapping[str, Iterable[Fault]]:
    """Return the faults that a launch from this EHR can meet, by heading."""
    grouped: dict[str, list[Fault]] = {}
    for one in FAULTS.values():
        kind = AUTHORIZE_FAULTS[one.name].how if one.place == "authorize" else one.place
        if kind in _HEADINGS and personality_key in one.personalities:
            grouped.setdefault(_HEADINGS[kind], []).append(one)
    return grouped
