"""The authorization endpoint and its patient picker (RFC 6749 section 4.1; SMART App Launch 2.2,
Obtain authorization code; RFC 9207).
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from simulator import authorization_request
from simulator.authorization_request import (
    AuthorizationRefusedError,
    AuthorizationRequest,
    Parameters,
    UntrustedRedirectError,
)
from simulator.grants import Authorization, LaunchContext
from simulator.installation import Installation
from simulator.pages import fault_page, origin, page
from simulator.registrations import Registration

_FORM = "application/x-www-form-urlencoded"


class AuthorizationEndpoint:
    """Decides authorization requests, and asks for a patient where none is open."""

    def __init__(self, ehr: Installation) -> None:
        self._ehr = ehr

    def routes(self) -> Blueprint:
        """Return the routes of the endpoint."""
        routes = Blueprint("authorize", __name__)
        routes.add_url_rule("/authorize", view_func=self.authorize, methods=["GET", "POST"])
        routes.add_url_rule("/authorize/patient", view_func=self.picked, methods=["POST"])
        return routes

    def authorize(self) -> Response:
        """Answer an authorization request."""
        parameters = _parameters()
        try:
            client, redirect_uri = authorization_request.identify(
                parameters, self._ehr.registrations
            )
        except UntrustedRedirectError as error:
            return _untrusted(error, parameters)
        try:
            return self._decide(parameters, client, redirect_uri)
        except AuthorizationRefusedError as error:
            return self._redirect(
                redirect_uri,
                authorization_request.sole(parameters, "state"),
                {"error": error.error, "error_description": error.description},
            )

    def picked(self) -> Response:
        """Answer the form of the patient picker."""
        asked = self._ehr.pickers.take(request.form.get("form", ""))
        if asked is None:
            return fault_page(
                400,
                "This form is no longer valid",
                "It was used already, or more than five minutes passed. Start the app again.",
            )
        if request.form.get("decision") != "continue":
            denied = {"error": "access_denied", "error_description": "the user chose no patient"}
            return self._redirect(asked.redirect_uri, asked.state, denied)
        patient = self._ehr.charts.patient(request.form.get("patient", ""))
        if patient is None:
            return fault_page(400, "No such patient", "Start the app again and choose one.")
        return self._grant(asked, LaunchContext(patient=patient.id))

    def _decide(self, parameters: Parameters, client: Registration, redirect_uri: str) -> Response:
        asked = authorization_request.check(
            parameters, client, redirect_uri, self._ehr.addresses.fhir_base
        )
        if asked.launch is not None:
            context = self._ehr.grants.take_launch(asked.launch, client.client_id)
            if context is None:
                raise AuthorizationRefusedError("invalid_request", "unknown launch")
            return self._grant(asked, context)
        if "launch/patient" in asked.scopes:
            return page(
                "pick.html",
                # Browsers hold the redirect that follows a form to form-action as well.
                form_action=["'self'", origin(redirect_uri)],
                client=client,
                scopes=asked.scopes,
                patients=self._ehr.charts.patients(),
                form=self._ehr.pickers.put(asked),
                action=f"{request.path}/patient",
            )
        return self._grant(asked, LaunchContext())

    def _grant(self, asked: AuthorizationRequest, context: LaunchContext) -> Response:
        code = self._ehr.grants.issue_code(
            Authorization(
                client_id=asked.client.client_id,
                redirect_uri=asked.redirect_uri,
                challenge=asked.challenge,
                scopes=asked.scopes,
                context=context,
            )
        )
        return self._redirect(asked.redirect_uri, asked.state, {"code": code})

    def _redirect(
        self, redirect_uri: str, state: str | None, members: Mapping[str, str]
    ) -> Response:
        carried = dict(members)
        if state is not None:
            carried["state"] = state
        carried["iss"] = self._ehr.addresses.issuer
        return found(with_query(redirect_uri, carried))


def with_query(url: str, members: Mapping[str, str]) -> str:
    """Add members to an address that may have a query of its own (RFC 6749 section 3.1.2)."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(members)}"


def found(location: str) -> Response:
    """Redirect without leaving a trace in caches or referrers (RFC 9700 section 4.2)."""
    response = Response(status=302, headers={"Location": location})
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _parameters() -> Parameters:
    """Join what came in the address and in the body, so that a name in both counts twice."""
    joined: dict[str, list[str]] = request.args.to_dict(flat=False)
    if request.mimetype == _FORM:
        for name, values in request.form.to_dict(flat=False).items():
            joined[name] = joined.get(name, []) + values
    return joined


def _untrusted(error: UntrustedRedirectError, parameters: Parameters) -> Response:
    received = {
        name: " and ".join(parameters.get(name, ())) or "nothing"
        for name in ("client_id", "redirect_uri")
    }
    return fault_page(
        400,
        "This app cannot be connected",
        f"{error}. So the EHR does not send the browser back to it.",
        received=received,
    )
