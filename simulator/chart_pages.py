"""What a clinician sees of the EHR: the list of patients, and a chart that opens an app in a tab or
in a frame (SMART App Launch 2.2, Launch App: EHR launch).
"""

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from simulator.authorize import found, with_query
from simulator.grants import Launch, LaunchContext
from simulator.installation import Installation
from simulator.pages import fault_page, origin, page


def start_blueprint(ehr: Installation) -> Blueprint:
    """Return the route that launches an app from a chart."""
    routes = Blueprint("start", __name__)

    @routes.get("/start")
    def start() -> Response:
        patient = ehr.charts.patient(request.args.get("patient", ""))
        client = ehr.registrations.get(request.args.get("client", ""))
        if patient is None or client is None:
            return fault_page(
                404, "Nothing to launch", "This EHR has no such patient, or no such client."
            )
        match request.args.get("in"):
            case "tab":
                context = LaunchContext(patient.id, ehr.charts.encounter_of(patient.id))
                launch = ehr.grants.mint_launch(Launch(client.client_id, context))
                where = {"iss": ehr.addresses.fhir_base, "launch": launch}
                return found(with_query(client.launch_url, where))
            case "frame":
                inner = {"patient": patient.id, "client": client.client_id, "in": "tab"}
                own = {origin(url) for url in (client.launch_url, *client.redirect_uris)}
                return page(
                    "chart.html",
                    # The frame follows redirects between the app and this EHR.
                    frame_src=["'self'", *sorted(own)],
                    patient=patient,
                    client=client,
                    frame=f"{request.path}?{urlencode(inner)}",
                )
        return fault_page(400, "Where to launch?", "The parameter in must be tab or frame.")

    return routes


def front_blueprint(ehr: Installation, start_path: str) -> Blueprint:
    """Return the start page, whose links go to `start_path`."""
    routes = Blueprint("front", __name__)

    @routes.get("/")
    def front() -> Response:
        return page(
            "front.html",
            patients=ehr.charts.patients(),
            registrations=list(ehr.registrations.values()),
            fhir_base=ehr.addresses.fhir_base,
            start=start_path,
        )

    return routes
