"""What a clinician sees of an EHR: charts that open an app in a tab or in frames (SMART App Launch
2.2, Launch App: EHR launch).
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from simulator import trace
from simulator.charts.resources import PatientSummary
from simulator.charts.users import CLINICIANS, DEFAULT_USER
from simulator.common.html import fault_page, origin, page
from simulator.common.redirects import redirect, with_query
from simulator.faults.named import FAULTS, Faults, UnknownFaultError
from simulator.oauth.granted import Launch, LaunchContext
from simulator.oauth.registrations import Registration
from simulator.trace import LaunchTrace
from simulator.vendors.installation import Installation

# Discovery and keys come before any launch is known, so a launch cannot carry their faults.
BEFORE_LAUNCHES = ("discovery", "jwks")


class _UnknownError(Exception):
    """The address names what this EHR does not have; the text says what."""


class _ChartLaunch:
    """What an address asks to launch.

    Raises _UnknownError: no such client or clinician; UnknownFaultError: no such fault.
    """

    def __init__(self, ehr: Installation) -> None:
        client = ehr.registrations.get(request.args.get("client", ""))
        if client is None:
            raise _UnknownError("no such client")
        self.client: Registration = client
        self.user = request.args.get("user") or DEFAULT_USER
        if self.user not in CLINICIANS:
            raise _UnknownError("no such clinician")
        self.fault = request.args.get("fault", "")
        self.faults = read_faults(self.fault, ehr.profile.key)

    @property
    def app_origins(self) -> Sequence[str]:
        """Return the origins to which this app's frames may navigate, other than this EHR."""
        urls = (self.client.launch_url, *self.client.redirect_uris)
        return sorted({origin(url) for url in urls})

    def frame(self, start: str, patient: str) -> str:
        """Return the address that a frame begins with."""
        query = {"patient": patient, "client": self.client.client_id, "user": self.user}
        query |= {"fault": self.fault} if self.fault else {}
        return f"{start}?{urlencode({**query, 'in': 'tab'})}"

    def others(self, ehr: Installation) -> str:
        """Return the link to the start page."""
        return f"/?{urlencode({'ehr': ehr.profile.key, 'user': self.user})}"


def start_blueprint(ehr: Installation) -> Blueprint:
    """Return the routes that launch an app from a chart:
    `start?patient=ID&client=CLIENT_ID&in=tab|frame` and
    `side-by-side?patient=ID&patient=ID&client=CLIENT_ID`, and if wanted
    `user=` a key of charts/users.py and `fault=` names of faults/named.py with a comma
    between them.
    """
    routes = Blueprint("start", __name__)

    def unknown(error: Exception) -> Response:
        return fault_page(
            404,
            "Nothing to launch",
            f"This EHR has no such patient, no such client, or no such clinician: {error}.",
        )

    routes.register_error_handler(_UnknownError, unknown)
    routes.register_error_handler(
        UnknownFaultError,
        lambda error: fault_page(400, "No such fault", f"{error}. All of them: /_faults."),
    )

    @routes.get("/start")
    def start() -> Response:
        requested = _ChartLaunch(ehr)
        patient = _patient(ehr, request.args.get("patient", ""))
        match request.args.get("in"):
            case "tab":
                return launch_app(ehr, requested.client, patient, requested.user, requested.faults)
            case "frame":
                return page(
                    "chart.html",
                    # The frame follows redirects between the app and this EHR.
                    frame_src=["'self'", *requested.app_origins],
                    patient=patient,
                    client=requested.client,
                    title=ehr.profile.title,
                    user=CLINICIANS[requested.user],
                    others=requested.others(ehr),
                    frame=requested.frame(request.path, patient.id),
                )
        return fault_page(400, "Where to launch?", "The parameter in must be tab or frame.")

    @routes.get("/side-by-side")
    def side_by_side() -> Response:
        requested = _ChartLaunch(ehr)
        ids = request.args.getlist("patient")
        if len(ids) != 2:
            return fault_page(400, "Which patients?", "Send the parameter patient twice.")
        patients = [_patient(ehr, one) for one in ids]
        beside = f"{request.path.removesuffix('/side-by-side')}/start"
        return page(
            "side_by_side.html",
            frame_src=["'self'", *requested.app_origins],
            charts=[(one, requested.frame(beside, one.id)) for one in patients],
            client=requested.client,
            title=ehr.profile.title,
            user=CLINICIANS[requested.user],
            others=requested.others(ehr),
        )

    return routes


def launch_app(
    ehr: Installation,
    client: Registration,
    patient: PatientSummary,
    user: str,
    faults: Faults,
    app_context: str | None = None,
) -> Response:
    """Send the browser to the app with a new launch value; `app_context` comes from a card."""
    launch_trace = LaunchTrace(
        ehr.profile.key,
        is_from_chart=True,
        client=client.client_id,
        patient=patient.name,
        user=CLINICIANS[user].name,
        faults=tuple(faults.names()),
    )
    context = LaunchContext(patient.id, ehr.charts.encounter_of(patient.id), app_context)
    launch = Launch(client.client_id, context, user, faults, launch_trace)
    value = ehr.launches.issue(launch)
    trace.begin("launch", ehr.profile.key, "A chart launched the app")
    trace.belong(launch_trace)
    trace.note("said", "iss", ehr.addresses.fhir_base)
    trace.note("said", "launch", trace.short(value))
    framed = request.headers.get("Sec-Fetch-Dest") == "iframe"
    trace.note("said", "opened in", "a frame of the chart" if framed else "a tab")
    trace.answer(f"the browser goes to {client.launch_url} with iss and launch")
    where: Mapping[str, str] = {"iss": ehr.addresses.fhir_base, "launch": value}
    return redirect(with_query(client.launch_url, where))


def _patient(ehr: Installation, fhir_id: str) -> PatientSummary:
    patient = ehr.charts.patient(fhir_id)
    if patient is None:
        raise _UnknownError("no such patient")
    return patient


def read_faults(text: str, ehr_key: str) -> Faults:
    """Read the faults of a launch.

    Raises UnknownFaultError: there is no such fault, not at this EHR, or not of a launch.
    """
    faults = Faults(text)
    faults.require_of(ehr_key)
    for name in faults.names():
        if FAULTS[name].place in BEFORE_LAUNCHES:
            raise UnknownFaultError(f"{name} applies to all requests at an EHR, not to one launch")
    return faults
