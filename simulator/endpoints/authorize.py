"""The authorization endpoint and its patient picker (RFC 6749 section 4.1; SMART App Launch 2.2,
Obtain authorization code).
"""

from flask import Blueprint, Response, request

from simulator import trace
from simulator.charts.users import CLINICIANS
from simulator.common.html import fault_page, origin, page
from simulator.endpoints.authorize_effects import (
    note_grant,
    note_unregistered,
    raise_pages,
    raise_refusals,
    trimmed,
)
from simulator.faults.authorize_faults import AUTHORIZE_FAULTS
from simulator.faults.named import Faults
from simulator.oauth import authorization_request
from simulator.oauth.authorization_request import (
    AuthorizationRefusedError,
    AuthorizationRequest,
    Parameters,
    UntrustedRedirectError,
)
from simulator.oauth.authorization_rules import RefusedRequest, answer, issuer_of
from simulator.oauth.granted import Authorization, Launch, LaunchContext
from simulator.oauth.registrations import Registration
from simulator.trace import LaunchTrace
from simulator.vendors.installation import Installation

_FORM = "application/x-www-form-urlencoded"
# For either scope the user picks a patient. The encounter belongs to that patient.
_CHOSEN = frozenset({"launch/patient", "launch/encounter"})


class AuthorizationEndpoint:
    """Handles authorization requests, and shows a patient picker if no patient is open."""

    def __init__(self, ehr: Installation) -> None:
        self._ehr = ehr
        self._rules = ehr.profile.rules

    def routes(self) -> Blueprint:
        """Return the routes of the endpoint."""
        routes = Blueprint("authorize", __name__)
        routes.add_url_rule("/authorize", view_func=self.authorize, methods=["GET", "POST"])
        routes.add_url_rule("/authorize/patient", view_func=self.picked, methods=["POST"])
        return routes

    def authorize(self) -> Response:
        """Handle an authorization request."""
        trace.begin("authorize", self._ehr.profile.key, "The app requested authorization")
        parameters = _parameters()
        trace.by_client(authorization_request.sole(parameters, "client_id") or "")
        value = authorization_request.sole(parameters, "launch")
        launch = None if value is None else self._ehr.launches.find(value)
        triggered = self._triggered(Faults() if launch is None else launch.faults)
        try:
            client, redirect_uri = authorization_request.identify(
                parameters,
                self._ehr.registrations,
                persona=self._ehr.profile.persona,
                further_query=self._rules.further_query,
            )
            raise_pages(triggered, self._rules)
        except UntrustedRedirectError as error:
            return self._rules.untrusted(self._ehr.addresses, error, parameters)
        try:
            raise_refusals(triggered, self._rules)
            return self._decide(parameters, client, redirect_uri, launch, triggered)
        except AuthorizationRefusedError as error:
            refused = RefusedRequest(redirect_uri, parameters, triggered)
            return self._rules.refused(self._ehr.addresses, error, refused)

    def picked(self) -> Response:
        """Handle the submitted patient picker."""
        trace.begin("picker", self._ehr.profile.key, "The user submitted the patient picker")
        request_ = self._ehr.pickers.take(request.form.get("form", ""))
        if request_ is None:
            trace.note("wrong", "form", "was already used, or is more than five minutes old")
            return fault_page(
                400,
                "This form is no longer valid",
                "The form was already used, or is more than five minutes old. Start the app again.",
            )
        trace.belong(request_.launch_trace)
        trace.triggered(request_.triggered)
        if request.form.get("decision") != "continue":
            trace.note("noted", "decision", "cancelled")
            sent = {"state": [request_.requested.state], "client_id": [request_.client.client_id]}
            refused = RefusedRequest(request_.redirect_uri, sent, request_.triggered)
            return self._rules.refused(self._ehr.addresses, self._rules.declined(), refused)
        patient = self._ehr.charts.patient(request.form.get("patient", ""))
        if patient is None:
            return fault_page(400, "No such patient", "Start the app again and choose a patient.")
        encounter = self._visit(request_, patient.id)
        user = patient.id if self._is_for_patients else request.form.get("user")
        if user not in (None, patient.id, *CLINICIANS):
            return fault_page(400, "No such user", "Start the app again and choose a user.")
        trace.note("noted", "patient", patient.name)
        request_.launch_trace.patient = patient.name
        return self._grant(request_, LaunchContext(patient.id, encounter), user)

    def _visit(self, request_: AuthorizationRequest, patient: str) -> str | None:
        """Return the patient's current encounter if the granted scopes include it."""
        is_granted = "launch/encounter" in request_.scopes
        return self._ehr.charts.encounter_of(patient) if is_granted else None

    @property
    def _is_for_patients(self) -> bool:
        return self._ehr.profile.persona == "patient"

    def _triggered(self, faults: Faults) -> frozenset[str]:
        """Return the triggered faults that this EHR supports."""
        triggered = faults.trigger("authorize") | self._ehr.control.faults.trigger("authorize")
        key = self._ehr.profile.key
        here = frozenset(one for one in triggered if key in AUTHORIZE_FAULTS[one].ehrs)
        trace.triggered(here)
        return here

    def _decide(
        self,
        parameters: Parameters,
        client: Registration,
        redirect_uri: str,
        launch: Launch | None,
        triggered: frozenset[str],
    ) -> Response:
        requested, problems = authorization_request.read(parameters)
        try:
            scopes, launch_value = self._rules.granted(requested, client, self._ehr.addresses)
        except AuthorizationRefusedError as error:
            note_unregistered(requested.scopes, client.scopes)
            raise (problems[0] if problems else error) from None
        if problems:
            raise problems[0]
        granted = trimmed(scopes, triggered)
        note_grant(requested.scopes, client.scopes, scopes, granted)
        if launch_value is not None and launch is None:
            # Don't record a new launch, because the trace searches for the launch that started the
            # app.
            raise self._rules.unknown_launch()
        request_ = AuthorizationRequest(
            client,
            redirect_uri,
            requested,
            granted,
            Faults() if launch is None else launch.faults,
            triggered,
            self._launch_trace(client),
        )
        if launch_value is not None and launch is not None:
            return self._launched(request_, launch_value, launch)
        chooses = _CHOSEN & set(request_.scopes)
        if chooses and "grant-without-patient" not in triggered:
            return self._picker(request_)
        return self._grant(request_, LaunchContext(), None)

    def _launch_trace(self, client: Registration) -> LaunchTrace:
        """Return the launch of the request; create one if no chart launched the app."""
        launch_trace = trace.notes().launch_trace
        if launch_trace is None:
            key = self._ehr.profile.key
            launch_trace = LaunchTrace(key, is_from_chart=False, client=client.client_id)
        trace.belong(launch_trace)
        return launch_trace

    def _launched(
        self, request_: AuthorizationRequest, launch_value: str, launch: Launch
    ) -> Response:
        """Handle a request that was launched from a chart."""
        if launch.client_id != request_.client.client_id:
            trace.note("wrong", "launch", f"was issued to the client {launch.client_id}")
            raise self._rules.unknown_launch()
        is_closed = "grant-without-patient" in request_.triggered
        context = LaunchContext() if is_closed else launch.context
        self._rules.require_patient(request_.scopes, context.patient)
        if not self._ehr.launches.take(launch_value):
            raise self._rules.unknown_launch()
        return self._grant(request_, context, launch.user)

    def _picker(self, request_: AuthorizationRequest) -> Response:
        trace.answer("a page where the user chooses a patient")
        patients = self._ehr.charts.patients()
        return page(
            "pick.html",
            # Browsers also apply form-action to the redirect after a form.
            form_action=["'self'", origin(request_.redirect_uri)],
            client=request_.client,
            scopes=request_.scopes,
            patients=patients,
            visits={one.id: self._visit(request_, one.id) for one in patients},
            users={} if self._is_for_patients else CLINICIANS,
            form=self._ehr.pickers.put(request_),
            action=f"{request.path}/patient",
        )

    def _grant(
        self, request_: AuthorizationRequest, context: LaunchContext, user: str | None
    ) -> Response:
        self._rules.require_patient(request_.scopes, context.patient)
        code = self._ehr.grants.issue_code(
            Authorization(
                client_id=request_.client.client_id,
                redirect_uri=request_.redirect_uri,
                challenge=request_.requested.challenge,
                scopes=request_.scopes,
                context=context,
                nonce=request_.requested.nonce,
                user=user,
                faults=request_.faults,
                launch_trace=request_.launch_trace,
            )
        )
        state = request_.requested.state
        issuer = issuer_of(self._rules, self._ehr.addresses)
        return answer(issuer, request_.redirect_uri, {"code": code}, state, request_.triggered)


def _parameters() -> Parameters:
    """Join the parameters of the URL and the body, so that a name in both counts as repeated."""
    joined: dict[str, list[str]] = request.args.to_dict(flat=False)
    if request.mimetype == _FORM:
        for name, values in request.form.to_dict(flat=False).items():
            joined[name] = joined.get(name, []) + values
    return joined
