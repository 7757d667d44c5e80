"""What the evidence says of the rest of the request: scopes, parameters, addresses, authentication.

SMART App Launch 2.2, "Scopes"; RFC 6749 3.1 (unknown parameters are ignored), 3.1.2.3 (redirect
URIs are compared as strings) and 3.2.1 (client authentication).
"""

import re
from collections.abc import Iterator, Mapping

from shared.explain import parameters
from shared.explain.model import CauseId, Certainty
from shared.explain.reading.claims import Sign
from shared.explain.weighing.evidence import Facts, WeighedCause
from shared.explain.weighing.scope_causes import (
    in_other_version,
    is_misspelt,
    is_wildcard,
    scope_cause,
    scope_causes,
    version,
)
from shared.scopes import missing, names_resources

_SMART = "SMART App Launch 2.2: https://hl7.org/fhir/smart-app-launch/STU2.2/"
_RFC_6749 = "RFC 6749: https://www.rfc-editor.org/rfc/rfc6749"
_RFC_7523 = "RFC 7523: https://www.rfc-editor.org/rfc/rfc7523"
_SCOPE_CAUSES: tuple[CauseId, ...] = ("scope_syntax", "scope_not_registered", "scope_trimmed")
_MOST_NAMED = 5


def weigh(facts: Facts) -> Iterator[WeighedCause]:
    """Every cause of this kind that the evidence speaks for."""
    if facts.may_be(*_SCOPE_CAUSES):
        yield from _syntax(facts)
        yield from _registered(facts)
        yield from _trimmed(facts)
        yield from _written_for_v2(facts)
        yield from _against_the_registration(facts)
    yield from _not_requested(facts)
    yield from _addresses(facts)
    yield from _code(facts)
    yield from _authentication(facts)
    yield from _assertion(facts)
    yield from _parameters(facts)


def _syntax(facts: Facts) -> Iterator[WeighedCause]:
    wildcards = [scope for scope in facts.scopes if is_wildcard(scope)]
    dropped = facts.habits.scopes.wildcards_dropped
    if wildcards and facts.said.oauth_error == "invalid_scope" and not dropped:
        why = f"{_named(wildcards)} in {facts.where_scopes}: many servers refuse wildcards."
        step = f"Replace {_named(wildcards)} with one scope per type and action: {_SPELLED}"
        yield WeighedCause("scope_syntax", "likely", why, _SMART, (step,))
        return
    odd = [scope for scope in facts.scopes if is_misspelt(scope)]
    if odd:
        why = f"{_named(odd)} is spelled as neither SMART version does."
        yield WeighedCause("scope_syntax", "likely", why, _SMART, (f"Write {_SPELLED}",))
        return
    if wildcards and dropped:
        why = f"{_named(wildcards)} in {facts.where_scopes}: wildcards are dropped whole."
        yield WeighedCause("scope_syntax", "certain", why, dropped)
        return
    supported = facts.sent.scopes_supported or ()
    others = [
        (scope, other) for scope in facts.scopes if (other := in_other_version(scope, supported))
    ]
    if others:
        scope, other = others[0]
        why = f"`{scope}` was asked for, and the EHR writes `{other}`."
        yield WeighedCause("scope_syntax", _of_scopes(facts), why, "the EHR's `scopes_supported`")
        return
    both = {found: scope for scope in facts.scopes if (found := version(scope)) is not None}
    if len(both) > 1:
        one, other = both["v1"], both["v2"]
        why = f"SMART v1 (`{one}`) and v2 (`{other}`) are mixed in {facts.where_scopes}."
        yield WeighedCause("scope_syntax", _of_scopes(facts), why, _SMART)


_SPELLED = (
    "v1 `user/Patient.read` and `user/Patient.write`, or v2 letters such as `user/Patient.rs` and "
    "`user/Patient.c`."
)


def _of_scopes(facts: Facts) -> Certainty:
    """How probable a fault of the scopes is that shows in them alone: people decline as well."""
    return "possible" if "user_declined" in facts.family else "likely"


def _registered(facts: Facts) -> Iterator[WeighedCause]:
    systems = [scope for scope in facts.scopes if scope.startswith("system/")]
    if systems and not facts.backend:
        why = f"{_named(systems)} is for programs that run without a user."
        step = "Take every `system/` scope out: no user launch has them."
        yield WeighedCause("scope_not_registered", "likely", why, _SMART, (step,))
        return
    supported = facts.sent.scopes_supported or ()
    absent = missing(facts.scopes, supported) if names_resources(supported) else ()
    # Lists leave out `launch`, for which the capability `launch-ehr` stands: Inferno's does.
    absent = tuple(
        scope for scope in absent if scope != "launch" and not in_other_version(scope, supported)
    )
    if absent:
        why = f"The EHR does not list {_named(absent)} in `scopes_supported`."
        source = "the EHR's `scopes_supported`"
        yield WeighedCause("scope_not_registered", _of_scopes(facts), why, source)


def _written_for_v2(facts: Facts) -> Iterator[WeighedCause]:
    """Scopes in the newer syntax at an EHR whose reports are of the older one."""
    versions = {found for scope in facts.scopes if (found := version(scope)) is not None}
    both = facts.family >= {"scope_syntax", "scope_not_registered"} and (
        "scope_trimmed" not in facts.family
    )
    if both and versions == {"v2"} and facts.habits.scopes.other_version_dropped:
        why = "The scopes are written for SMART v2 already."
        source = "reports of lost scopes are of SMART v1; which it is here: inferred"
        yield WeighedCause("scope_not_registered", "likely", why, source)


def _against_the_registration(facts: Facts) -> Iterator[WeighedCause]:
    """What a text says of the registration: its SMART version, and the scopes that it has."""
    told = {one for one in ("v1", "v2") if one in facts.claims.signs}
    written = {found for scope in facts.scopes if (found := version(scope)) is not None}
    if len(written) == len(told) == 1 and written != told:
        scope = next(scope for scope in facts.scopes if version(scope) is not None)
        wanted = "`.rs` and other letters (v2)" if "v2" in told else "`.read` and `.write` (v1)"
        why = f"The registration is for SMART {told.pop()}, and `{scope}` is written otherwise."
        step = f"Write the scopes with {wanted}, as the app is registered: `{_in(scope, wanted)}`."
        yield WeighedCause("scope_syntax", "likely", why, _SMART, (step,))
    absent = missing(facts.scopes, facts.shown_scopes.registered)
    if facts.shown_scopes.registered and absent and not told:
        why = f"The registration in the text lacks {_named(absent)}."
        step = f"In the registration, add the scope {_named(absent)}, or don't request it."
        yield WeighedCause("scope_not_registered", "likely", why, "the text", (step,))


def _in(scope: str, wanted: str) -> str:
    return f"{scope.rpartition('.')[0]}{'.rs' if 'v2' in wanted else '.read'}"


_CALL = re.compile(
    r"\b(GET|POST|PUT|PATCH|DELETE)\b\s{1,3}(?:https?://)?[^\s?\"']{0,200}?/([A-Z][A-Za-z]{2,40})\b"
)


def _not_requested(facts: Facts) -> Iterator[WeighedCause]:
    """A call that is refused, of a type that no requested scope names."""
    refused = facts.said.status == 403 or facts.said.oauth_error == "insufficient_scope"
    if not (facts.stated and refused and names_resources(facts.scopes)):
        return
    for method, kind in _CALL.findall(facts.told):
        letters = {"GET": "rs", "POST": "c", "DELETE": "d"}.get(method, "u")
        needed = [f"{level}/{kind}.{letters}" for level in ("patient", "user", "system")]
        if all(missing((scope,), facts.scopes) for scope in needed):
            why = f"{method} {kind} needs a scope that was not requested."
            step = (
                f"Add `patient/{kind}.{letters}` (v1: `.{'read' if method == 'GET' else 'write'}`)"
            )
            step += ", or the same with `user/`, to `scopes`, and register it."
            yield WeighedCause("scope_not_requested", "likely", why, _SMART, (step,))
            return


def _trimmed(facts: Facts) -> Iterator[WeighedCause]:
    """What a token answer in the text lacks of what was asked for."""
    if facts.shown_scopes.missing and facts.granted is None:
        named = _named(facts.shown_scopes.missing)
        why = f"The text says that {named} was not granted."
        step = f"In the EHR's registration or user administration, allow {named}."
        yield WeighedCause("scope_trimmed", "likely", why, "the text", (step,))
    if facts.granted is None:
        return
    supported = facts.sent.scopes_supported
    flow = facts.sent.flow if facts.sent.flow != "backend" else None
    flow = flow or ("ehr" if facts.persona == "provider" else None)
    causes = scope_causes(facts.vendor, flow, facts.scopes, facts.granted, supported)
    for cause in dict.fromkeys(causes.values()):
        absent = [scope for scope, of in causes.items() if of == cause]
        detail = scope_cause(cause, facts.vendor)
        why = f"Asked for and not granted: {_named(absent)}. {detail.why}"
        step = (
            f"In the EHR's registration, choose {_named(absent)}, in the SMART version of the app."
        )
        steps = detail.steps if cause == "scope_syntax" else (step, *detail.steps)
        yield WeighedCause(cause, "likely", why, detail.source, steps)


def _addresses(facts: Facts) -> Iterator[WeighedCause]:
    """Sent and configured addresses side by side; where only one is known, it is named."""
    mine = facts.registered
    sent, configured = facts.sent.redirect_uri, mine.redirect_uri if mine is not None else None
    if facts.at_request and facts.may_be("redirect_uri_mismatch"):
        if sent and configured and sent != configured:
            why = f"The request has {sent}; the configuration has {configured}."
            yield WeighedCause("redirect_uri_mismatch", "certain", why, _RFC_6749)
        elif facts.redirect_uri and "redirect_uri_mismatch" in facts.family:
            why = f"The app sends {facts.redirect_uri}; exactly that must be registered."
            yield WeighedCause("redirect_uri_mismatch", None, why, _RFC_6749)
    aud, bases = facts.sent.aud, mine.iss if mine is not None else ()
    near = [base for base in bases if aud and base == aud.rstrip("/") != aud]
    if near and facts.at_request and facts.may_be("aud_wrong"):
        why = f"`aud` is {aud}, with a slash at its end; the FHIR base has none."
        yield WeighedCause("aud_wrong", "possible", why, _SMART)


def _code(facts: Facts) -> Iterator[WeighedCause]:
    """Of what `invalid_grant` may mean this app's own requests leave one thing."""
    if not facts.stated and facts.said.oauth_error == "invalid_grant" and facts.said.urn is None:
        why = "Redirect URI, client id and verifier were those of the launch."
        yield WeighedCause("code_expired_or_used", "likely", why, _RFC_6749)


def _authentication(facts: Facts) -> Iterator[WeighedCause]:
    """How the client proves itself decides what to do first."""
    if "client_auth_wrong" not in facts.family:
        return
    mine = facts.registered
    auth = facts.sent.client_auth or (mine.client_auth if mine is not None else None)
    if auth is not None:
        how = "as a public client, without a secret" if auth == "none" else f"by {auth}"
        why = f"This app is configured to authenticate {how} (`client_auth`)."
        yield WeighedCause("client_auth_wrong", None, why, _RFC_6749)
        return
    for sign, step in _BY_CLIENT.items():
        if sign in facts.claims.signs:
            yield WeighedCause("client_auth_wrong", None, "", _RFC_6749, (step,))
            return


_BY_CLIENT: Mapping[Sign, str] = {
    "assertion": "Compare the assertion's `kid`, `aud`, `iss`, `sub`, `exp` and `jti` with the "
    "registration; the key that it names must be the registered one.",
    "secret": "Set the client secret again, from the registration of this client id; compare how "
    "it is sent (Basic header or body) with how it is registered.",
    "public": "Check that the registration is public (a single-page or native app), and send "
    "`client_id` in the body, no secret and no Authorization header.",
}


_NOT_SENT = re.compile(r"(?:assertion|secret)\w*\W{1,3}(?:is )?(?:missing|required)", re.IGNORECASE)


def _assertion(facts: Facts) -> Iterator[WeighedCause]:
    """A client that signs: the EHR's `invalid_client` is about its key or its claims."""
    signs = facts.claims.tells("assertion") or (
        facts.backend and facts.claims.tells("secret") is False
    )
    if not facts.stated or not signs or facts.said.oauth_error != "invalid_client":
        return
    if _NOT_SENT.search(facts.said.description or "") or not facts.by_code:
        return
    if facts.said.urn is None and facts.may_be("client_auth_wrong", "assertion_key_unknown"):
        why = "The client signs an assertion, and the server does not accept it."
        yield WeighedCause("assertion_key_unknown", "likely", why, _RFC_7523)
        yield WeighedCause("assertion_claims_wrong", "possible", why, _RFC_7523)


def _parameters(facts: Facts) -> Iterator[WeighedCause]:
    if not (facts.at_request and facts.stated):
        return
    foreign = [one for one in facts.sent.parameters or () if not parameters.is_recognised(one)]
    if foreign:
        is_are = "is no authorization parameter" if len(foreign) == 1 else "are no such parameters"
        why = f"{_named(foreign)} {is_are}; the EHR ignores what it does not know."
        yield WeighedCause("parameter_not_recognised", "possible", why, _RFC_6749)


def _named(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
