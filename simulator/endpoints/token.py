"""The token endpoint (RFC 6749 sections 4.1.3, 5.1, 5.2 and 6; RFC 7636 section 4.5; SMART App
Launch 2.2, Obtain access token, Refresh access token).
"""

import re
import time
from collections.abc import Mapping
from functools import partial

from flask import Blueprint, Response, request

from simulator import trace
from simulator.endpoints import token_faults
from simulator.endpoints.identity import id_token
from simulator.faults.named import Place
from simulator.oauth.granted import (
    Authorization,
    GrantRefusedError,
    Issued,
    LaunchContext,
    Terms,
)
from simulator.oauth.registrations import Registration
from simulator.oauth.scopes import grant, is_for_systems
from simulator.oauth.token_errors import TokenError, oauth_answer, token_error_answer
from simulator.vendors.installation import Installation

_FORM = "application/x-www-form-urlencoded"
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*")  # RFC 6749 3.3

Form = Mapping[str, str]


def token_blueprint(ehr: Installation) -> Blueprint:
    """Return the token endpoint's route."""
    routes = Blueprint("token", __name__)
    routes.register_error_handler(TokenError, partial(error_answer, ehr))

    @routes.post("/token")
    def token() -> Response:
        trace.begin("token", ehr.profile.key, "The app requested tokens")
        form = read_form()
        client = ehr.clients.authenticate(request.headers, form, ehr.addresses.token)
        try:
            return _Exchange(ehr, client, form).answer()
        except TokenError as error:
            if error.error != "invalid_client":
                error.client = client.client_id
            raise

    return routes


def error_answer(ehr: Installation, error: TokenError) -> Response:
    """Return an error in this EHR's format."""
    return token_error_answer(error, ehr.profile.token_error(error, ehr.addresses))


def read_form() -> Form:
    """Read the form of a request to the token or revocation endpoint.

    Raises TokenError if it isn't a form, a parameter is repeated, or the URL has parameters.
    """
    if request.query_string:
        raise TokenError("invalid_request", "parameters must be in the body, not in the URL")
    if request.mimetype != _FORM:
        raise TokenError("invalid_request", f"the body must be {_FORM}")
    form = request.form.to_dict(flat=False)
    trace.by_client(form.get("client_id", [""])[0])
    if any(len(values) > 1 for values in form.values()):
        raise TokenError("invalid_request", "a parameter was sent more than once")
    return {name: values[0] for name, values in form.items()}


def required(form: Form, name: str) -> str:
    """Return a parameter; an empty value counts as omitted (RFC 6749 section 3.1).

    Raises TokenError if it's missing.
    """
    if not form.get(name):
        trace.note("wrong", name, "is missing")
        raise TokenError("invalid_request", f"{name} is missing")
    return form[name]


class _Exchange:
    """One token request of an authenticated client."""

    def __init__(self, ehr: Installation, client: Registration, form: Form) -> None:
        self._ehr = ehr
        self._client = client
        self._form = form

    def answer(self) -> Response:
        match required(self._form, "grant_type"):
            case "authorization_code":
                return self._for_code(required(self._form, "code"))
            case "refresh_token":
                return self._for_refresh_token(required(self._form, "refresh_token"))
            case "client_credentials":
                return self._for_service()
        trace.note("wrong", "grant_type", f"is {self._form['grant_type']}")
        raise TokenError(
            "unsupported_grant_type",
            "grant_type must be authorization_code, refresh_token or client_credentials",
            reason="unsupported-grant-type",
        )

    def _for_code(self, code: str) -> Response:
        trace.begin("token", self._ehr.profile.key, "The app exchanged the code for tokens")
        code = self._as_issued(code)
        authorization = self._ehr.grants.behind_code(code)
        trace.belong(None if authorization is None else authorization.launch_trace)
        redirect_uri = required(self._form, "redirect_uri")
        verifier = required(self._form, "code_verifier")
        triggered = self._trigger("exchange", authorization)
        instead = token_faults.answer_instead(triggered)
        if instead is not None:
            return instead
        try:
            issued = self._ehr.grants.redeem(
                code,
                client_id=self._client.client_id,
                redirect_uri=redirect_uri,
                verifier=verifier,
                terms=self._terms(triggered, authorization),
            )
        except GrantRefusedError as error:
            raise TokenError(
                "invalid_grant",
                "the code is unknown, expired or already used, or doesn't belong to this "
                "client_id, redirect_uri and code_verifier",
                reason=error.reason,
            ) from None
        return self._respond(issued, triggered, is_refresh=False)

    def _as_issued(self, code: str) -> str:
        """Return a code as issued, even if its `+` arrived as a space.

        The public JavaScript client sends codes without form-encoding.
        """
        issued = code.replace(" ", "+")
        if issued == code or self._ehr.grants.behind_code(issued) is None:
            return code
        problem = "wasn't form-encoded, so its + became a space; a strict EHR would refuse it"
        trace.note("weak", "code", problem)
        return issued

    def _for_refresh_token(self, token: str) -> Response:
        trace.begin("refresh", self._ehr.profile.key, "The app refreshed its tokens")
        authorization = self._ehr.grants.behind_refresh_token(token)
        trace.belong(None if authorization is None else authorization.launch_trace)
        requested = self._requested_scopes()
        triggered = self._trigger("refresh", authorization)
        instead = token_faults.answer_instead(triggered)
        if instead is not None:
            return instead
        try:
            issued = self._ehr.grants.refresh(
                token,
                client_id=self._client.client_id,
                requested=requested,
                terms=self._terms(triggered, authorization),
            )
        except GrantRefusedError as error:
            if error.reason == "empty-scopes":
                raise TokenError(
                    "invalid_scope",
                    "the request has more scopes than were granted",
                    reason=error.reason,
                ) from None
            raise TokenError(
                "invalid_grant",
                "the refresh token is unknown, expired, revoked or already used, or belongs to "
                "another client or to a session that has ended",
                reason=error.reason,
            ) from None
        return self._respond(issued, triggered, is_refresh=True)

    def _for_service(self) -> Response:
        """Grant a backend service its system scopes (SMART App Launch 2.2, Backend Services).

        The client has authenticated. Only one with a key can have such scopes.
        """
        trace.begin("token", self._ehr.profile.key, "A backend service requested a token")
        if not any(map(is_for_systems, self._client.scopes)):
            trace.note("wrong", "grant_type", "this client has no system/ scopes registered")
            raise TokenError(
                "unauthorized_client", "this client isn't registered as a backend service"
            )
        required(self._form, "scope")
        requested = self._requested_scopes() or ()
        if not all(map(is_for_systems, requested)):
            trace.note("wrong", "scope", "a backend service can request only system/ scopes")
            raise TokenError(
                "invalid_scope", "only system/ scopes can be requested", reason="empty-scopes"
            )
        granted = grant(requested, self._client.scopes, ("system",))
        if not granted:
            trace.note("wrong", "scope", "none of the requested scopes is registered")
            raise TokenError(
                "invalid_scope", "no requested scope is registered", reason="empty-scopes"
            )
        trace.note("right" if granted == requested else "weak", "scope", " ".join(granted))
        triggered = self._trigger("exchange", None)
        instead = token_faults.answer_instead(triggered)
        if instead is not None:
            return instead
        authorization = Authorization(self._client.client_id, "", "", granted, LaunchContext())
        issued = self._ehr.grants.issue(authorization, self._terms(triggered, None))
        return self._respond(issued, triggered, is_refresh=False)

    def _requested_scopes(self) -> tuple[str, ...] | None:
        scope = self._form.get("scope")
        if not scope:
            return None
        if _SCOPE.fullmatch(scope) is None:
            raise TokenError("invalid_scope", "scope must be scopes separated by single spaces")
        return tuple(scope.split(" "))

    def _trigger(self, place: Place, authorization: Authorization | None) -> frozenset[str]:
        """Return the effects of the faults that this request triggers."""
        triggered = self._ehr.control.faults.trigger(place)
        if authorization is not None:
            triggered |= authorization.faults.trigger(place)
        trace.triggered(triggered)
        return token_faults.effects(triggered)

    def _terms(self, triggered: frozenset[str], authorization: Authorization | None) -> Terms:
        own = [] if authorization is None else [authorization.faults]
        return token_faults.terms(
            triggered,
            [self._ehr.control.faults, *own],
            self._ehr.control.token_seconds or self._ehr.profile.token_seconds,
            rotates=self._ehr.profile.rotates,
        )

    def _respond(self, issued: Issued, triggered: frozenset[str], *, is_refresh: bool) -> Response:
        if "reply-lost" in triggered:
            return token_faults.cut_connection()
        body = self._body(issued)
        authorization = issued.access.family.authorization
        is_new = not is_refresh or self._ehr.profile.renews_id_token
        if "openid" in issued.access.scopes and is_new:
            body["id_token"] = id_token(
                self._ehr, authorization, issued.access_token, triggered, is_refresh=is_refresh
            )
        patient = issued.access.context.patient
        others = (one.id for one in self._ehr.charts.patients() if one.id != patient)
        token_faults.spoil(body, triggered, other_patient=next(others))
        shown = ("scope", "patient", "expires_in")
        trace.answer(", ".join(f"{k} {body[k]}" if k in shown else k for k in body))
        if "slow" in triggered:
            time.sleep(token_faults.SLOW_SECONDS)
        return oauth_answer(body)

    def _body(self, issued: Issued) -> token_faults.Body:
        context = issued.access.context
        body: token_faults.Body = {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": issued.seconds,
            "scope": " ".join(issued.access.scopes),
            # Clients must ignore unrecognized parameters (RFC 6749 section 5.1).
            "simulated_ehr_extra": {"ignore": "me"},
        }
        if issued.refresh_token is not None:
            body["refresh_token"] = issued.refresh_token
        if context.patient is not None:
            body["patient"] = context.patient
            body["need_patient_banner"] = True
        if context.encounter is not None:
            body["encounter"] = context.encounter
        if context.app_context is not None:
            body["appContext"] = context.app_context
        body.update(self._ehr.profile.extra_token_members)
        return body
