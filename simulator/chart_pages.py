"""What a clinician sees of an EHR: a chart that opens an app in a tab or in a frame (SMART App
Launch 2.2, Launch App: EHR launch).
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from simulator.authorization_rules import found, with_query
from simulator.faults import FAULTS, Faults, UnknownFaultError
from simulator.granted import Launch, LaunchContext
from simulator.installation import Installation
from simulator.pages import fault_page, origin, page
from simulator.users import CLINICIANS, DEFAULT_USER

_PARAMETERS = ("patient", "client", "user", "fault")


def start_blueprint(ehr: Installation) -> Blueprint:
    """Return the route that launches an app from a chart:
    `start?patient=ID&client=CLIENT_ID&in=tab|frame`, and if wanted `user=` a key of users.py and
    `fault=` names of faults.py with a comma between them.
    """
    routes = Blueprint("start", __name__)

    @routes.get("/start")
    def start() -> Response:
        asked = {name: request.args[name] for name in _PARAMETERS if request.args.get(name)}
        patient = ehr.charts.patient(asked.get("patient", ""))
        client = ehr.registrations.get(asked.get("client", ""))
        user = asked.get("user", DEFAULT_USER)
        if patient is None or client is None or user not in CLINICIANS:
            return fault_page(
                404,
                "Nothing to launch",
                "This EHR has no such patient, no such client, or no such clinician.",
            )
        try:
            faults = _faults(asked.get("fault", ""), ehr.personality.key)
        except UnknownFaultError as error:
            return fault_page(400, "No such fault", f"{error}. All of them: /_faults.")
        match request.args.get("in"):
            case "tab":
                context = LaunchContext(patient.id, ehr.charts.encounter_of(patient.id))
                launch = ehr.grants.mint_launch(Launch(client.client_id, context, user, faults))
                where = {"iss": ehr.addresses.fhir_base, "launch": launch}
                return found(with_query(client.launch_url, where))
            case "frame":
                own = {origin(url) for url in (client.launch_url, *client.redirect_uris)}
                return page(
                    "chart.html",
                    # The frame follows redirects between the app and this EHR.
                    frame_src=["'self'", *sorted(own)],
                    patient=patient,
                    client=client,
                    title=ehr.personality.title,
                    user=CLINICIANS[user],
                    others=f"/?{urlencode({'ehr': ehr.personality.key, 'user': user})}",
                    frame=f"{request.path}?{urlencode(_in_tab(asked))}",
                )
        return fault_page(400, "Where to launch?", "The parameter in must be tab or frame.")

    return routes


def _in_tab(asked: Mapping[str, str]) -> Mapping[str, str]:
    return {**asked, "in": "tab"}


def _faults(text: str, personality_key: str) -> Faults:
    """Read the faults of a launch.

    Raises UnknownFaultError: there is no such fault, or not at this EHR.
    """
    faults = Faults(text)
    for name in (one.partition(":")[0] for one in text.split(",") if one):
        if personality_key not in FAULTS[name].personalities:
            raise UnknownFaultError(f"{name} is not a fault of this EHR")
    return faults
