"""callback: `state` -> consume -> exchange the code -> open a session -> redirect to the app.

SMART App Launch 2.2, steps 4 to 6. The order of the checks is: form, state found and alive, CSRF
cookie, conditional delete, issuer and redirect path, then error or code. Neither of these is acted
on earlier.
"""

import gc

gc.disable()  # until entry_point.last

import time

from shared import log
from shared.config import settings_file
from shared.config.settings import Ehr, Settings
from shared.errors import (
    BrowserMismatch,
    CodedError,
    CookieMissing,
    EhrError,
    MethodNotAllowed,
    Misconfigured,
    NotFound,
    StateMissing,
    StateUnknown,
    TokenInvalid,
)
from shared.inbound import cookies, entry_point
from shared.inbound.edge import Call, Edge, Reply
from shared.inbound.refusal import Refusal
from shared.oidc import id_token
from shared.oidc.id_token import Identity
from shared.outbound import waiting
from shared.session import context, deployment, session_cookies
from shared.session.sessions import Opened
from shared.smart import launches, token_endpoint
from shared.smart.launches import Pending
from shared.smart.token_response import TokenResponse

from . import authorization_response, card_target, failure
from .authorization_response import AuthorizationResponse
from .failure import Attempt, Failed

_settings = settings_file.from_environment()
if _settings:
    _running = deployment.start(_settings)


def _serve(settings: Settings, call: Call) -> Reply | Refusal:
    redirect_path = "/callback" if call.path == "/" else f"/callback{call.path}"
    if redirect_path not in {"/callback", *(f"/callback/{ehr.key}" for ehr in settings.ehrs)}:
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    response = authorization_response.read(call)
    if "state" in response:
        log.about(launch=log.mark(response["state"]))
    try:
        authorization_response.check_shape(response)
        stored = launches.find(_running.store, response["state"])
        log.about(ehr=stored.pending.ehr)
        launches.check_browser(stored, response["state"], call.cookies)
        if "code" in response:
            # Before the launch is consumed, so that reloading this URL continues a launch that is
            # refused here.
            waiting.admit(stored.pending.token_endpoint, stored.pending.fhir_base)
        launches.consume(_running.store, stored)
    except (StateMissing, StateUnknown) as error:
        return failure.refused(error, response)
    except (CookieMissing, BrowserMismatch) as error:
        return failure.in_another_browser(error, stored.pending)
    spent = cookies.clear_cookie(cookies.launch_name(response["state"]))
    ehr = settings.ehr_by_key(stored.pending.ehr)
    form = _running.clients.ambiguous_basic_form(ehr) if ehr else None
    attempt = failure.Attempt(stored.pending, ehr, form)
    opened = _open(attempt, response, settings.public_url + redirect_path)
    if isinstance(opened, Failed):
        return failure.refused(opened.error, response, attempt, (spent,), opened.revocation)
    evicted = session_cookies.evicted(call.cookies, opened.session.user, _running.sealer)
    app = ehr.app if ehr else settings.app
    path = app.after_launch.replace("{session}", opened.session.handle)
    path = card_target.after_card(path, opened.session.context)
    return Reply(
        303,
        {"Location": settings.public_url + path},
        cookies=(
            spent,
            *map(cookies.clear_cookie, evicted),
            cookies.set_cookie(opened.cookie_name, opened.cookie_value),
        ),
    )


def _open(attempt: Attempt, response: AuthorizationResponse, redirect_uri: str) -> Opened | Failed:
    """Open the session.

    If that fails for any reason, revoke the access that the EHR granted: tokens must not outlive a
    launch that didn't open.
    """
    pending, tokens = attempt.pending, None
    try:
        ehr, tokens = _exchange(attempt, response, redirect_uri)
        opened = _running.sessions.open(pending, tokens, _user(pending, ehr, tokens))
        log.about(ehr=ehr.key, session=opened.session.mark)
        _log(opened, tokens, ehr)
    except Exception as error:
        holder = tokens or (error if isinstance(error, TokenInvalid) else None)
        issued = holder.issued if holder else {}
        revocation = token_endpoint.revoke(pending, _running.clients, attempt.ehr, **issued)
        if isinstance(error, CodedError):
            return Failed(error, revocation)
        raise
    return opened


def _exchange(
    attempt: Attempt, response: AuthorizationResponse, redirect_uri: str
) -> tuple[Ehr, TokenResponse]:
    """Make the checks that need no call to the EHR, then exchange the code."""
    pending, ehr = attempt.pending, attempt.ehr
    authorization_response.check_issuer(pending, response.get("iss"), redirect_uri)
    if "error" in response:
        raise EhrError
    if ehr is None or ehr.client_id != pending.client_id:
        raise StateUnknown(why="The app's configuration changed during this launch.")
    algorithm = _running.clients.algorithm(ehr)
    listed = pending.assertion_algorithms
    if algorithm is not None and listed is not None and algorithm not in listed:
        raise Misconfigured(
            "The EHR doesn't accept the app's key type.",
            why=f"The app signs with {algorithm}, which the EHR doesn't list in "
            "token_endpoint_auth_signing_alg_values_supported.",
            steps=("Register a key of the other type (RSA or P-384) and set it in `private_key`.",),
        )
    tokens = token_endpoint.exchange(
        pending.token_endpoint,
        _running.clients.authenticate(ehr, pending.token_endpoint),
        code=response["code"],
        redirect_uri=pending.redirect_uri,
        code_verifier=pending.code_verifier,
        ca_file=ehr.ca_file,
    )
    return ehr, tokens


def _user(pending: Pending, ehr: Ehr, tokens: TokenResponse) -> Identity | None:
    """Return the verified user, or None without a requested id_token. Raise IdTokenInvalid."""
    if "openid" not in pending.requested or tokens.id_token is None:
        return None
    verified = id_token.verify(
        tokens.id_token,
        pending,
        ehr,
        nonce=pending.nonce,
        access_token=tokens.access_token,
        keys=_running.keys,
        now=time.time(),
    )
    if verified.nonce_missing:
        log.event("nonce_missing", "the id_token lacks the nonce, but PKCE protects the code")
    return verified.identity


def _log(opened: Opened, tokens: TokenResponse, ehr: Ehr) -> None:
    session = opened.session
    notes = ["session opened"]
    if session.missing:
        notes.append("the EHR granted less than the app requested")
    if tokens.scope is None:
        notes.append("the EHR returned no scope")
    if "openid" in session.granted and tokens.id_token is None:
        notes.append("openid was granted, but there was no id_token")
    log.event(
        "callback_completed",
        "; ".join(notes),
        severity="INFO" if len(notes) == 1 else "WARNING",
        fields={
            "granted": list(session.granted),
            "missing": list(session.missing),
            "causes": [
                f"{scope}: {cause}" for scope, cause in context.causes(session, ehr.vendor).items()
            ],
        },
    )


callback = entry_point.last(Edge("callback", "page", "callback_failed"), _settings, _serve)
