"""Choose the texts to paste next, to tell the causes apart or to find one at all."""

from collections.abc import Mapping, Sequence

from shared.explain.model import Cause
from shared.explain.parsing.said import Step
from shared.explain.ranking.facts import Facts
from shared.patterns import any_case

_CALLBACK = (
    "The URL that the EHR redirected to, with its `error`, `error_description` and `error_uri`."
)
_RESPONSE = "The status and the body of the token endpoint's response, without its tokens."
_PICTURE = (
    "The text in the pictures, which can't be read: the error, and the URL in the address bar "
    "without its `code` and `launch` values."
)
_WHICH_STEP = (
    "The step that fails (the launch page, the login page, the redirect back to the app, the token "
    "request or a FHIR call), and what it shows: the URL with its query (`error`, `error_uri`), or "
    "the status and the body of the response."
)
_CONSOLE = (
    "The red lines in the browser's console, and the first failed request in the network tab of "
    "its developer tools."
)
_LOG = "The lines of your app's log from that minute."
_REQUEST = (
    "The authorize URL that the browser opened, with every parameter. Compare `client_id`, "
    "`redirect_uri`, `scope`, `aud` and `launch` with the registration."
)
_REGISTERED = (
    "What the registration has for each value of the authorize URL in the text: compare "
    "`client_id`, `redirect_uri`, `scope` and `aud`, character by character."
)
_STARTED = (
    "The URLs of the page that started the launch and of the callback (scheme, host, port), and "
    "the names and attributes of the cookies that the browser has for each."
)
_REFRESH = (
    "Whether each response's new refresh token is stored, how many processes refresh, and how long "
    "after the sign-in, or after the last refresh, it fails."
)
_EXCHANGE = (
    "The token request (`grant_type`, `redirect_uri`, `client_id`, whether `code_verifier` was "
    "sent) without its secrets, and whether the log shows that a code was sent twice."
)
_CLIENT = (
    "How the client is registered (public, with a secret, with a key) and what it sent: the "
    "names of the headers and body parameters, and an assertion's header and claims."
)
_GRANTED = "`scope` from the token response, next to the scopes that were requested."
_REFUSAL = "The body and the `WWW-Authenticate` header of the FHIR response."
_CLAIMS = (
    "`iss`, `aud`, `exp` and `scope` of the access token if it's a JWT, and `scope` of the token "
    "response. Leave out the token itself."
)
_DOCUMENT = "The URL of the discovery document, and the status and the body of its response."
_CALL = "The URL of the FHIR request, and the body of the response (an OperationOutcome)."
_CONNECTION = (
    "The output of `curl -v URL` with the URL that failed, from the machine or container where the "
    "program runs, and whether the same URL works from another network."
)
_SUPPORT = "The EHR support's reply about {}: the text doesn't show what the name stands for."


def asks(facts: Facts, causes: Sequence[Cause]) -> tuple[str, ...]:
    """Return the texts to paste next: none if the first cause is certain or the only likely one.

    A text that's there already isn't asked for.
    """
    wanted = _wanted(facts, causes)
    if facts.sent.whole:
        wanted = tuple(_REGISTERED if one == _REQUEST else one for one in wanted)
    there = {_REFUSAL, _RESPONSE} if facts.message.description else set()
    return tuple(one for one in wanted if one not in there) or wanted


def _wanted(facts: Facts, causes: Sequence[Cause]) -> tuple[str, ...]:
    sure = [one for one in causes if one.certainty != "possible"]
    if sure and (sure[0].certainty == "certain" or len(sure) < 2 or sure[1].certainty != "likely"):
        return ()
    if causes and causes[0].id == "network_unreachable":
        return (_CONNECTION,)
    if not causes and _SHOWN_IN_A_PICTURE.search(facts.message.text):
        return (_PICTURE, _WHICH_STEP)
    if facts.claims.has("came_back") and not facts.message.oauth_error:
        return (_RESPONSE, _LOG)
    if facts.claims.has("refreshing") and "refresh_reused" in facts.family:
        return (_REFRESH,)
    by_code = _BY_CODE.get(facts.message.oauth_error or "")
    if by_code is not None:
        return by_code
    if facts.message.urn and facts.family & {"scope_syntax", "scope_not_registered"}:
        return (_GRANTED, _REQUEST)
    if facts.message.urn or facts.message.oauth_error:
        name = facts.message.instance or facts.message.urn or facts.message.oauth_error
        return (_SUPPORT.format(name), _REQUEST if facts.at_request else _RESPONSE)
    return _by_place(facts)


_SHOWN_IN_A_PICTURE = any_case(r"!\[[^\]\n]{0,200}\]\(|<img\b|\bscreen ?shots?\b|\.(?:png|jpe?g)\b")


def _by_place(facts: Facts) -> tuple[str, ...]:
    """Return the texts for the place that the error comes from, or that its words are about."""
    places = {entry.where for entry in facts.entries[:1]}
    if "token endpoint" in places:
        return (_RESPONSE, _CLIENT)
    if facts.message.status == 401:
        return (_REFUSAL, _CLAIMS)
    if facts.message.status in {400, 404} and "FHIR answer" in places:
        return (_CALL,)
    if facts.message.status == 403 or "FHIR answer" in places:
        return (_GRANTED, _REFUSAL)
    if places & {"authorize redirect", "error page"}:
        return (_REQUEST, _LOG)
    if {"state_unknown", "cookies_blocked"} <= facts.family:
        return (_STARTED, _CONSOLE)
    if "loops" in facts.claims.signs:
        return (_RESPONSE, _CONSOLE)
    if {"blank", "framed"} & facts.claims.signs or "launch" in places:
        return (_CONSOLE, _CALLBACK)
    heard = facts.heard
    steps = {one.step for one in heard if one.speaker != "writer"} or {one.step for one in heard}
    steps = steps if len(steps) == 1 else steps - {None}
    return _BY_STEP[steps.pop() if len(steps) == 1 else None]


_BY_STEP: Mapping[Step | None, tuple[str, ...]] = {
    "authorize": (_CALLBACK, _REQUEST),
    "token": (_RESPONSE, _CLIENT),
    "refresh": (_RESPONSE, _GRANTED),
    "FHIR": (_REFUSAL, _GRANTED),
    "discovery": (_DOCUMENT, _CONSOLE),
    None: (_WHICH_STEP, _CONSOLE, _LOG),
}
_BY_CODE = {
    "invalid_grant": (_EXCHANGE,),
    "invalid_client": (_CLIENT,),
    "unauthorized_client": (_CLIENT,),
    "invalid_scope": (_GRANTED, _REQUEST),
    "insufficient_scope": (_GRANTED, _REFUSAL),
    "invalid_token": (_REFUSAL, _LOG),
    "invalid_request": (_REQUEST, _RESPONSE),
    "access_denied": (_CALLBACK, _REQUEST),
}
