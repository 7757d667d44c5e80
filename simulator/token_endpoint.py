"""The token endpoint for public clients (RFC 6749 sections 4.1.3, 5.1 and 5.2; RFC 7636 section
4.5; SMART App Launch 2.2, Obtain access token).
"""

import json
from collections.abc import Mapping

from flask import Blueprint, Response, request

from simulator.authorization_request import sole
from simulator.grants import TOKEN_SECONDS, AccessToken
from simulator.installation import Installation

_FORM = "application/x-www-form-urlencoded"
_CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


class TokenError(Exception):
    """A token request that ends with an RFC 6749 section 5.2 error."""

    def __init__(
        self,
        error: str,
        description: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})


def token_blueprint(ehr: Installation) -> Blueprint:
    """Return the token endpoint's route."""
    routes = Blueprint("token", __name__)

    @routes.post("/token")
    def token() -> Response:
        form = _form()
        client_id = _require_public_client(form, ehr)
        grant_type = _required(form, "grant_type")
        if grant_type != "authorization_code":
            raise TokenError("unsupported_grant_type", "grant_type must be authorization_code")
        redeemed = ehr.grants.redeem(
            _required(form, "code"),
            client_id=client_id,
            redirect_uri=_required(form, "redirect_uri"),
            verifier=_required(form, "code_verifier"),
        )
        if redeemed is None:
            raise TokenError(
                "invalid_grant",
                "the code is unknown, expired or used, or does not belong to this client_id, "
                "redirect_uri and code_verifier",
            )
        return oauth_answer(_granted(*redeemed))

    return routes


def token_error_answer(error: TokenError) -> Response:
    """Answer with the JSON of an error."""
    body = {"error": error.error, "error_description": error.description}
    response = oauth_answer(body, error.status)
    response.headers.update(error.headers)
    return response


def oauth_answer(body: Mapping[str, object], status: int = 200) -> Response:
    """Answer with JSON that no cache may keep (RFC 6749 section 5.1)."""
    response = Response(json.dumps(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def _form() -> Mapping[str, list[str]]:
    if request.query_string:
        raise TokenError("invalid_request", "parameters belong in the body, not in the address")
    if request.mimetype != _FORM:
        raise TokenError("invalid_request", f"the body must be {_FORM}")
    form = request.form.to_dict(flat=False)
    if any(len(values) > 1 for values in form.values()):
        raise TokenError("invalid_request", "a parameter was sent more than once")
    return form


def _require_public_client(form: Mapping[str, list[str]], ehr: Installation) -> str:
    if "Authorization" in request.headers:
        raise TokenError(
            "invalid_client",
            "this client is public: it must not authenticate",
            401,
            # RFC 6749 section 5.2: name a scheme where the client tried one.
            {"WWW-Authenticate": 'Basic realm="simulated EHR"'},
        )
    if any(name in form for name in _CREDENTIALS):
        raise TokenError("invalid_client", "this client is public: it has no credentials", 401)
    client_id = _required(form, "client_id")
    if client_id not in ehr.registrations:
        raise TokenError("invalid_client", "client_id is not registered with this EHR", 401)
    return client_id


def _required(form: Mapping[str, list[str]], name: str) -> str:
    value = sole(form, name)
    if value is None:
        raise TokenError("invalid_request", f"{name} is missing")
    return value


def _granted(token: str, access: AccessToken) -> dict[str, object]:
    body: dict[str, object] = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": " ".join(access.scopes),
        # Clients must ignore members that they do not know (RFC 6749 section 5.1).
        "simulated_ehr_extra": {"ignore": "me"},
    }
    if access.context.patient is not None:
        body["patient"] = access.context.patient
        body["need_patient_banner"] = True
    if access.context.encounter is not None:
        body["encounter"] = access.context.encounter
    return body
