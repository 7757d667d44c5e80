"""The clinician's pages: charts that open an app in a tab or in frames (SMART App Launch 2.2,
Launch App: EHR launch).
"""

from collections.abc import Iterable, Mapping, Sequence
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

# Apps read discovery and keys before the EHR knows the launch, so no launch can have these faults.
BEFORE_LAUNCHES = ("discovery", "jwks")


class UnknownError(Exception):
    """The URL refers to something that this EHR doesn't have; the message names it. `existing`
    lists what it has.
    """

    def __init__(self, what: str, existing: Iterable[str] = ()) -> None:
        listed = ", ".join(existing)
        super().__init__(f"{what}. It has: {listed}." if listed else f"{what}.")


class _ChartLaunch:
    """The launch that a URL requests.

    Raises UnknownError if there is no such client or clinician, and UnknownFaultError if there is
    no such fault.
    """

    def __init__(self, ehr: Installation) -> None:
        client = ehr.registrations.get(request.args.get("client", ""))
        if client is None or not client.launches:
            raise UnknownError("client")
        self.client: Registration = client
        self.user = request.args.get("user") or DEFAULT_USER
        if self.user not in CLINICIANS:
            raise UnknownError("clinician")
        self.fault = request.args.get("fault", "")
        self.faults = read_faults(self.fault, ehr.profile.key)

    def frame(self, start: str, patient: str) -> str:
        """Return the initial URL of a frame."""
        query = {"patient": patient, "client": self.client.client_id, "user": self.user}
        query |= {"fault": self.fault} if self.fault else {}
        return f"{start}?{urlencode({**query, 'in': 'tab'})}"

    def others(self, ehr: Installation) -> str:
        """Return the link to the start page."""
        return f"/?{urlencode({'ehr': ehr.profile.key, 'user': self.user})}"


def start_blueprint(ehr: Installation) -> Blueprint:
    """Return the routes that launch an app from a chart.

    They are `start?patient=ID&client=CLIENT_ID&in=tab|frame` and
    `side-by-side?patient=ID&patient=ID&client=CLIENT_ID`. Optional parameters are `user=`, a key
    of charts/users.py, and `fault=`, names from faults/named.py separated by commas.
    """
    routes = Blueprint("start", __name__)

    handle_unknown(routes)

    @routes.get("/start")
    def start() -> Response:
        requested = _ChartLaunch(ehr)
        patient = find_patient(ehr, request.args.get("patient", ""))
        match request.args.get("in"):
            case "tab":
                return launch_app(ehr, requested.client, patient, requested.user, requested.faults)
            case "frame":
                return framed_app(
                    ehr,
                    requested.client,
                    patient,
                    requested.user,
                    others=requested.others(ehr),
                    frame=requested.frame(request.path, patient.id),
                )
        return fault_page(400, "Invalid parameter", "The parameter `in` must be tab or frame.")

    @routes.get("/side-by-side")
    def side_by_side() -> Response:
        requested = _ChartLaunch(ehr)
        ids = request.args.getlist("patient")
        if len(ids) != 2:
            return fault_page(400, "Invalid parameter", "The URL must have two patient parameters.")
        patients = [find_patient(ehr, one) for one in ids]
        start_url = f"{request.path.removesuffix('/side-by-side')}/start"
        return page(
            "side_by_side.html",
            frame_src=_frame_sources(requested.client),
            charts=[(one, requested.frame(start_url, one.id)) for one in patients],
            client=requested.client,
            title=ehr.profile.title,
            user=CLINICIANS[requested.user],
            others=requested.others(ehr),
        )

    return routes


def handle_unknown(routes: Blueprint) -> None:
    """Answer UnknownError and UnknownFaultError with an error page."""
    routes.register_error_handler(
        UnknownError, lambda error: fault_page(404, "Not found", f"This EHR has no such {error}")
    )
    routes.register_error_handler(UnknownFaultError, no_such_fault)


def no_such_fault(error: UnknownFaultError) -> Response:
    """Show the reason, with links to the EHRs that have the fault."""
    find = error.fault.name if error.fault else ""
    label = f"Launch with {find} at its EHR" if find else "All faults"
    query = f"/?{urlencode({'find': find})}#fault" if find else "/#fault"
    text = str(error)
    return fault_page(400, "No such fault", f"{text[0].upper()}{text[1:]}.", links={label: query})


def framed_app(
    ehr: Installation,
    client: Registration,
    patient: PatientSummary,
    user: str,
    *,
    others: str,
    frame: str,
) -> Response:
    """Show a chart with the app in a frame; `others` and `frame` are URLs."""
    return page(
        "chart.html",
        frame_src=_frame_sources(client),
        patient=patient,
        client=client,
        title=ehr.profile.title,
        user=CLINICIANS[user],
        others=others,
        frame=frame,
    )


def _frame_sources(client: Registration) -> Sequence[str]:
    """Return the CSP sources of the app's frame, which follows redirects between app and EHR."""
    urls = (client.launch_url, *client.redirect_uris)
    return ["'self'", *sorted({origin(url) for url in urls})]


def launch_app(
    ehr: Installation,
    client: Registration,
    patient: PatientSummary,
    user: str,
    faults: Faults,
    app_context: str | None = None,
) -> Response:
    """Send the browser to the app with a new launch value; `app_context` comes from a card."""
    chart = {"patient": patient.id, "client": client.client_id, "user": user, "in": "tab"}
    launch_trace = LaunchTrace(
        ehr.profile.key,
        is_from_chart=True,
        again=with_query(ehr.addresses.start or "", chart),
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
    trace.note("noted", "iss", ehr.addresses.fhir_base)
    trace.note("noted", "launch", trace.short(value))
    framed = request.headers.get("Sec-Fetch-Dest") == "iframe"
    trace.note("noted", "opened in", "a frame of the chart" if framed else "a tab")
    trace.answer(f"the browser goes to {client.launch_url} with iss and launch")
    where: Mapping[str, str] = {"iss": ehr.addresses.fhir_base, "launch": value}
    return redirect(with_query(client.launch_url, where))


def find_patient(ehr: Installation, fhir_id: str) -> PatientSummary:
    """Return the summary of a patient, or raise UnknownError."""
    patient = ehr.charts.patient(fhir_id)
    if patient is None:
        raise UnknownError("patient", (one.id for one in ehr.charts.patients()))
    return patient


def read_faults(text: str, ehr_key: str) -> Faults:
    """Read the faults of a launch.

    Raises UnknownFaultError if one doesn't exist, isn't supported by this EHR, or can't be limited
    to a launch.
    """
    faults = Faults(text)
    faults.require_of(ehr_key)
    for name in faults.names():
        if FAULTS[name].place in BEFORE_LAUNCHES:
            raise UnknownFaultError(f"{name} applies to all requests at an EHR, not to one launch")
    return faults
