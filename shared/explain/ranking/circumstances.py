"""Find the causes that a person's description supports: how, where and for whom the launch fails.

If the text has an error, a description counts only for causes that the error can have.
"""

import re
from collections.abc import Iterator
from typing import cast

from shared.explain.catalogue.causes import BEHIND_A_PROXY, KINDS, WITHOUT_A_CHART
from shared.explain.catalogue.lines import blocks
from shared.explain.model import HOW_SURE, CauseId, Certainty
from shared.explain.parsing.claims import Sign
from shared.explain.parsing.find import Proof
from shared.explain.ranking.facts import Evidence, Facts

_ACCOUNT = "the text's description; which cause applies is inferred"
_OWN = "this app's page or log, which knew the request"
_ACCESS: tuple[CauseId, ...] = (
    *("client_not_enabled_at_site", "scope_trimmed", "scope_not_registered"),
    *("client_unknown", "user_not_permitted"),
)


def evidence(facts: Facts) -> Iterator[Evidence]:
    """Yield the causes that the description supports, the strongest evidence first."""
    if not facts.from_text:
        return
    yield from _own_page(facts)
    yield from _browser(facts)
    yield from _place(facts)
    yield from _time(facts)
    yield from _steps(facts)
    if facts.claims.has("terminology") and not _has_error(facts) and "?" in facts.pasted:
        yield _likely("not_a_launch_problem", "The question is about codes, not about access.")
        return
    yield from _outcomes(facts)
    if facts.claims.has("server_down") and {"network_unreachable", "ehr_side"} <= facts.family:
        yield _likely("ehr_side", "It worked before, and other servers can be reached.")
    elif facts.claims.has("worked") and not (facts.message.urn or _is_certain(facts)):
        sure: Certainty | None = None if "ehr_side" in facts.family else "possible"
        step = "See whether the registration, secret, key or account has expired or changed there."
        yield Evidence("ehr_side", sure, "It worked before.", _ACCOUNT, (step,))


def _likely(cause: CauseId, why: str, *steps: str) -> Evidence:
    return Evidence(cause, "likely", why, _ACCOUNT, steps, told=True)


# In this app's page, now and in earlier versions.
_CERTAIN = (HOW_SURE["certain"], "How sure: certain")


def _own_page(facts: Facts) -> Iterator[Evidence]:
    """Yield the causes that this app's page or log names. The app knew more than the text shows."""
    ids = {str(kind.id): kind.id for kind in KINDS.values()}
    known = [ids[one] for one in facts.named_by_app if one in ids]
    for number, cause in enumerate(known):
        sure: Certainty = "possible" if number else "likely"
        if not number and any(one in facts.pasted for one in _CERTAIN):
            sure = "certain"
        yield Evidence(cause, sure, "This app's own page or log names this cause.", _OWN)


def _browser(facts: Facts) -> Iterator[Evidence]:
    signs = facts.claims.signs
    known = facts.message.urn or facts.message.oauth_error or _is_certain(facts)
    if "cors" in signs and not known:
        yield _likely("cors_blocked", "The text names CORS as the cause.")
    if "cors" in facts.pasted.lower() and "ERR_FAILED 401" in facts.pasted:
        why = "The server answered 401, and sends its CORS headers only with success."
        yield Evidence("access_token_expired", "likely", why, _ACCOUNT)
    lost = "storage_lost" in signs or "state_unknown" in facts.family
    vague = not facts.entries and not _has_error(facts)
    if lost and {"framed", "strict_browser"} & signs and facts.may_be("cookies_blocked"):
        why = "In a frame or a strict browser, the callback can't read the launch's stored data."
        yield _likely("cookies_blocked", why)
    elif vague and signs & {"framed", "blank"}:
        why = "The page fails without a message, in a frame or an empty window."
        yield from _possible(why, "cookies_blocked", "frame_refused", "ehr_side")
    elif vague and signs >= {"chrome", "strict_browser"}:
        why = "It fails only in a browser that restricts cookies."
        yield from _possible(why, "cookies_blocked", "cors_blocked")
    if vague and "no_answer" in signs:
        why = "The server doesn't answer."
        yield from _possible(why, "network_unreachable", "endpoint_wrong", "ehr_side")
    if "loops" in signs and not _has_error(facts):
        if {"framed", "strict_browser", "storage_lost"} & signs:
            why = "It loops where the browser doesn't keep the app's cookie, as in a frame."
            yield _likely("cookies_blocked", why)
        yield from _possible("The launch starts over again and again.", "flow_misused")


def _possible(why: str, *causes: CauseId) -> Iterator[Evidence]:
    for cause in causes:
        yield Evidence(cause, "possible", why, _ACCOUNT)


def _has_error(facts: Facts) -> bool:
    """Return whether the text has a URN, an error code or an error status."""
    message = facts.message
    return bool(message.urn or message.oauth_error or (message.status or 0) >= 400)


def _place(facts: Facts) -> Iterator[Evidence]:
    """Yield causes for a failure that affects only some environments or users."""
    has, family = facts.claims.has, facts.family
    refused = facts.message.oauth_error == "access_denied" and "user_declined" in family
    if refused and "user_declined" in facts.denied:
        why = "The user didn't decline, so the server refused this user for another reason."
        step = (
            "Ask the site or the EHR's vendor to check that this user's account is active, "
            "complete and linked to the app and the patient."
        )
        sure: Certainty = "likely" if "user_declined" in facts.claims.denied else "possible"
        yield Evidence("user_not_permitted", sure, why, _ACCOUNT, (step,), told=True)
    told = facts.proof is Proof.TOLD and facts.message.status in {401, 403}
    if has("other_user") and ("user_not_permitted" in family or told):
        why = "It works with another user, so this user's account or permissions differ."
        yield _likely("user_not_permitted", why)
    if not has("works_elsewhere") or not facts.entries or has("refreshing"):
        return
    if "client_unknown" in family and not {"scope_trimmed", "scope_not_registered"} & family:
        why = "The app works in another environment, and each environment has its own client IDs."
        yield _likely("client_unknown", why)
    elif family.intersection(_ACCESS) and not _is_certain(facts):
        why = "The app works elsewhere, so this site may have an older copy of the registration."
        step = "Ask this site to enable the app with its current scopes in this environment."
        yield _likely("client_not_enabled_at_site", why, step)


def _is_certain(facts: Facts) -> bool:
    return any(one.certainty == "certain" for entry in facts.entries for one in entry.causes)


def _time(facts: Facts) -> Iterator[Evidence]:
    has = facts.claims.has
    if has("no_refresh_token") and facts.backend:
        why = "The grant `client_credentials` issues no refresh token (RFC 6749 4.4.3)."
        step = "Request a new access token in the same way, shortly before the old one expires."
        yield Evidence("refresh_not_granted", "likely", why, _ACCOUNT, (step,))
    elif has("no_refresh_token") and facts.may_be("refresh_not_granted", "access_token_expired"):
        yield _likely("refresh_not_granted", "The text says that no refresh token was issued.")
    elif has("lasts") and facts.may_be("access_token_expired") and facts.message.urn is None:
        why = "The app works at first and fails when an access token would expire."
        yield _likely("access_token_expired", why)
    waits = facts.family & {"not_propagated_yet", "client_unknown", "client_auth_wrong"}
    if has("fresh") and not _is_certain(facts):
        why = "The registration or its key changed recently."
        if waits:
            still = facts.proof is Proof.CODE or re.search(r"\bstill\b", facts.pasted)
            sure: Certainty = "likely" if still else "possible"
            yield Evidence("not_propagated_yet", sure, why, _ACCOUNT, told=True)
        elif not facts.entries and re.search(r"\bstill\b", facts.pasted):
            yield _likely("not_propagated_yet", why)
    for sign, cause, why, _ in _OF_FAMILY:
        if has(sign) and cause in facts.family:
            yield _likely(cause, why)
    for cause in () if _is_certain(facts) else facts.claims.blamed:
        yield Evidence(cause, "likely", "The writer's own test points to this.", _ACCOUNT)


def _table(text: str) -> tuple[tuple[Sign, CauseId, str, tuple[str, ...]], ...]:
    """Read lines of a sign, a cause and a reason, each with its steps below it."""
    return tuple(
        (cast("Sign", sign), cast("CauseId", cause), why, tuple(step[2:] for _, step in steps))
        for (_, line), *steps in blocks(text)
        for head, _, why in [line.partition(": ")]
        for sign, cause in [head.split()]
    )


# Causes that count only if the error can have them.
_OF_FAMILY = _table(r"""
rotates refresh_reused: The text speaks of an old or rotated token.
in_tool token_not_in_header: It works from a tool, so compare the headers of that request with \
   those of the app.
instances state_unknown: Several instances run, and perhaps only one of them knows this launch.
other_environment client_unknown: The client ID belongs to another environment than the called one.
other_environment token_of_another_server: The token belongs to another environment than the \
   called one.
""")
# The page that an EHR opens to launch the app, or its parameters.
_LAUNCH_PAGE = re.compile(r"\blaunch\.html\b|\biss\b|/launch\b")


def _steps(facts: Facts) -> Iterator[Evidence]:
    """Yield causes for what the user did, and when."""
    has, family = facts.claims.has, facts.family
    known = "launch_parameter_missing" in family or (
        not facts.entries and _LAUNCH_PAGE.search(facts.pasted)
    )
    if has("by_hand") and known and not facts.sent.carried and not facts.message.oauth_error:
        why = "The page was opened by its URL, not by an EHR."
        steps = (WITHOUT_A_CHART,) if has("no_context") else ()
        yield _likely("launch_parameter_missing", why, *steps)
    if has("code_as_token") and facts.message.urn is None:
        why = "The text says that the authorization code was sent as the token."
        step = "Exchange the code at the token endpoint, and send the `access_token` from there."
        yield Evidence("token_not_in_header", "likely", why, _ACCOUNT, (step,))
    yield from _proxy(facts)
    again: CauseId = "refresh_reused" if has("refreshing") else "code_expired_or_used"
    if again in family and has("twice"):
        yield _likely(again, "The text reports a second request or a reload.")
    if "session_ended" in family and has("refreshing") and facts.by_code:
        yield _likely("session_ended", "The error occurred during a refresh.")


_HTTP = r"\W{1,6}http://(?!localhost|127|\[)|http instead of https"
_REDIRECT_URI = r"redirect[ _]?ur[il]"
_REDIRECT_AS_HTTP = re.compile(rf"{_REDIRECT_URI}(?: in the request)?(?:{_HTTP})")
_ISSUER_AS_HTTP = re.compile(rf"\bissuer(?:{_HTTP})")
_ENDPOINT_AS_HTTP = re.compile(rf"_endpoint(?:{_HTTP})")
_TLS = re.compile(r"\bhttps\b(?!://)|\bssl\b|\btls\b")


def _proxy(facts: Facts) -> Iterator[Evidence]:
    """Yield causes for a proxy in front of a server, which sees http, or which drops a query."""
    proxied, text = "proxied" in facts.claims.signs, facts.pasted.lower()
    yield from _local(facts, text)
    if proxied or _TLS.search(text):
        yield from _as_http(facts, text)
    if not proxied:
        return
    lost = facts.claims.has("lost_query") and re.search(r"\biss\b|\blaunch\b", facts.pasted)
    if lost and facts.may_be("launch_parameter_missing"):
        why = "A redirect in front of the app drops the query with `iss` and `launch`."
        step = "Register the launch URL as the proxy serves it, so that nothing redirects it."
        yield _likely("launch_parameter_missing", why, step)


# An address that's another machine's own, or a container's.
_LOCAL = re.compile(
    r"(?<!redirect_uri=)https?://(?:localhost|127\.0\.0\.1)[:/][^\s\"'&]{0,90}(?:/auth|/oauth"
    r"|/realms|/login|/token|/fhir)"
)
_REMOTE = re.compile(
    r"\b(?:another|other|different|remote) (?:computer|machine|device|host|laptop|pc"
    r"|connection)|\btablet\b|\b(?:docker|container|pod|kubernetes|k8s|phone|emulator)\b"
)


def _local(facts: Facts, text: str) -> Iterator[Evidence]:
    """Yield the cause for a server that gives out `localhost` as its own address."""
    local = _LOCAL.search(text)
    if local is not None and _REMOTE.search(text) and not facts.matches:
        why = f"`{local[0]}` is an address on each machine itself, and users are on another one."
        step = (
            "Set the public URL of the server that gives out this address (its host name, base URL "
            "or issuer setting) to one that the browser, the app and the FHIR server all reach."
        )
        yield _likely("endpoint_wrong", why, step)


def _as_http(facts: Facts, text: str) -> Iterator[Evidence]:
    """Yield causes for a URL that is built with http behind a proxy that ends TLS."""
    why = "Behind a proxy that ends TLS, the URL is built with http."
    told = facts.claims.has("as_http")
    shown = _REDIRECT_AS_HTTP.search(text) or (told and re.search(_REDIRECT_URI, text))
    if shown and facts.may_be("redirect_uri_mismatch"):
        yield _likely("redirect_uri_mismatch", why, BEHIND_A_PROXY)
    elif "tenant_mismatch" in facts.family and _ISSUER_AS_HTTP.search(text):
        yield _likely("tenant_mismatch", why, BEHIND_A_PROXY)
    elif _ENDPOINT_AS_HTTP.search(text) and not _has_error(facts):
        yield _likely("endpoint_wrong", why, BEHIND_A_PROXY)
    elif told and not _has_error(facts):
        yield _likely("content_blocked", why, BEHIND_A_PROXY)


# For each sign: the cause, the reason and a step.
_OUTCOMES = _table(r"""
patient_in_token patient_context_missing: The patient is in the access token, which apps don't read.
  > Have the server return `patient` next to `access_token` in the token response.
someone_else user_mismatch: The text says that the session belongs to another user.
wrong_launch_url launch_parameter_missing: Perhaps another page than the launch page is registered.
  > Register the page that starts the launch (such as `launch.html`) as the launch URL.
picker launch_scope_missing: The EHR asks for a patient, so it didn't use the chart of the launch.
  > Request `launch` instead of `launch/patient`, and send the `launch` value of the EHR.
token_where token_not_in_header: The text asks how a request carries the token.
  > Let each FHIR request send `Authorization: Bearer TOKEN`. HAPI's client does so with a
    `BearerTokenAuthInterceptor`.
other_token token_of_another_server: The API accepts a token from elsewhere, so the two differ.
  > Decode both tokens, and compare `iss`, `aud`, `scope` (`scp`, `roles`) and the version.
no_header token_not_in_header: The text says that the request has no such header.
  > Set the token where this client reads it, and look for the header in the request that leaves it.
stale_copy access_token_expired: Some parts of the program use an older token than others.
  > Keep the token in one place for all threads and instances, and renew it before it expires.
api_login ehr_side: The server treats the call as a browser's, and doesn't read its bearer token.
  > On the FHIR server, accept bearer tokens: make it a resource server, with issuer and keys.
prompt_none session_ended: With `prompt=none`, the server mustn't show its login page.
  > Remove `prompt=none` from the authorization request.
plus_lost launch_value_invalid: In the query of a URL, `+` means a space.
  > Where the launch URL is built, write each `+` of the `launch` value as `%2B`.
awaits_launch launch_parameter_missing: A program waits for a launch, which only an EHR starts.
  > From the EHR or a launcher, open that program's launch URL with `iss` and `launch`.
no_return redirect_uri_mismatch: The device doesn't hand the redirect over to the app.
  > In the app, register the redirect URI's scheme or link (Info.plist, or an intent filter).
local_iss fhir_base_wrong: `iss` is `localhost`, which no other machine reaches.
  > On the FHIR server or the launcher, set the public base URL that it sends as `iss`.
double_request code_expired_or_used: The text describes a second request.
clock_off clock_skew: The text says that a clock is off.
wrong_persona persona_mismatch: The login page and the app are for different users.
fewer_results results_limited: The search succeeds and returns less than expected.
no_patient patient_context_missing: The text says that the token has no patient.
""")
_NO_USER = (
    "A backend service has no user and no launch, so its token has no patient: search for the "
    "patient, or get the token in a user's launch (`authorization_code`)."
)
_CONNECTS = re.compile(r"\b(?:communicat|connect|reach)\w*", re.IGNORECASE)


def _outcomes(facts: Facts) -> Iterator[Evidence]:
    plain = facts.claims.has("http_base") and not facts.entries and not _has_error(facts)
    if plain and re.search(r"https://[^\s)]{4}", facts.pasted) and _CONNECTS.search(facts.pasted):
        why = "The page is loaded with https, and a browser refuses its requests to http."
        step = "Give the FHIR server an https URL, and allow the app's origin there (CORS)."
        yield _likely("content_blocked", why, step)
    for sign, cause, why, steps in _OUTCOMES:
        fits = facts.may_be(cause) or (facts.by_code and not facts.message.oauth_error)
        fits = fits if cause not in {"results_limited", "ehr_side"} else not facts.entries
        if facts.claims.has(sign) and fits and facts.message.urn is None:
            alone = facts.backend and sign == "no_patient"
            yield _likely(cause, why, *((_NO_USER,) if alone else steps))
