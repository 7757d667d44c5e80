"""The revocation endpoint (RFC 7009). Revoking an access token revokes only that token. Revoking a
refresh token revokes all tokens from the same code.
"""

from functools import partial

from flask import Blueprint, Response, request

from simulator import trace
from simulator.common.addresses import path_of
from simulator.endpoints import token_faults
from simulator.endpoints.token import error_answer, read_form, required
from simulator.oauth.token_errors import TokenError
from simulator.vendors.installation import Installation


def revocation_blueprint(ehr: Installation) -> Blueprint:
    """Return the revocation endpoint's route, with an absolute path.

    It accepts client assertions for the token endpoint or this endpoint, because RFC 7523 section 3
    requires an audience that identifies the authorization server.
    """
    routes = Blueprint("revocation", __name__)
    routes.register_error_handler(TokenError, partial(error_answer, ehr))

    @routes.post(path_of(ehr.addresses.revocation))
    def revoke() -> Response:
        trace.begin("revoke", ehr.profile.key, "The app revoked a token")
        form = read_form()
        audiences = (ehr.addresses.token, ehr.addresses.revocation)
        client = ehr.clients.authenticate(request.headers, form, *audiences)
        token = required(form, "token")
        authorization = ehr.grants.behind_token(token)
        triggered = ehr.control.faults.trigger("revoke")
        if authorization is not None:
            triggered |= authorization.faults.trigger("revoke")
            trace.belong(authorization.launch_trace)
        trace.triggered(triggered)
        if "revoke-400" in triggered:
            raise TokenError("invalid_request", "injected fault")
        if "revoke-503" in triggered:
            return Response(status=503, headers={"Retry-After": "1"})
        if "revoke-hang" in triggered:
            return token_faults.hang()
        if authorization is not None:
            if authorization.client_id != client.client_id:
                raise TokenError("invalid_grant", "the token was issued to another client")
            ehr.grants.revoke(token)
        result = "is revoked" if authorization else "is unknown, so it counts as revoked"
        trace.note("right", "token", f"{trace.short(token)} {result}")
        return Response(status=200, headers={"Cache-Control": "no-store"})

    return routes
