"""What the evidence says of the rest of the request: scopes, parameters, addresses, authentication.

SMART App Launch 2.2, "Scopes"; RFC 6749 3.1 (unknown parameters are ignored), 3.1.2.3 (redirect
URIs are compared as strings) and 3.2.1 (client authentication).
"""

from collections.abc import Iterator

from shared.explain import parameters
from shared.explain.model import CauseId, Certainty
from shared.explain.weighing.evidence import Facts, WeighedCause
from shared.explain.weighing.scope_causes import (
    in_other_version,
    is_wildcard,
    scope_cause,
    scope_causes,
    version,
)
from shared.scopes import missing, names_resources

_SMART = "SMART App Launch 2.2: https://hl7.org/fhir/smart-app-launch/STU2.2/"
_RFC_6749 = "RFC 6749: https://www.rfc-editor.org/rfc/rfc6749"
_SCOPE_CAUSES: tuple[CauseId, ...] = ("scope_syntax", "scope_not_registered", "scope_trimmed")
_MOST_NAMED = 5


def weigh(facts: Facts) -> Iterator[WeighedCause]:
    """Every cause of this kind that the evidence speaks for."""
    if facts.may_be(*_SCOPE_CAUSES):
        yield from _syntax(facts)
        yield from _registered(facts)
        yield from _trimmed(facts)
        yield from _written_for_v2(facts)
    yield from _addresses(facts)
    yield from _authentication(facts)
    yield from _parameters(facts)


def _syntax(facts: Facts) -> Iterator[WeighedCause]:
    wildcards = [scope for scope in facts.scopes if is_wildcard(scope)]
    dropped = facts.habits.scopes.wildcards_dropped
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


def _of_scopes(facts: Facts) -> Certainty:
    """How probable a fault of the scopes is that shows in them alone: people decline as well."""
    return "possible" if "user_declined" in facts.family else "likely"


def _registered(facts: Facts) -> Iterator[WeighedCause]:
    systems = [scope for scope in facts.scopes if scope.startswith("system/")]
    if systems:
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


def _trimmed(facts: Facts) -> Iterator[WeighedCause]:
    """What a token answer in the text lacks of what was asked for."""
    if facts.granted is None:
        return
    supported = facts.sent.scopes_supported
    flow = facts.sent.flow or ("ehr" if facts.persona == "provider" else None)
    causes = scope_causes(facts.vendor, flow, facts.scopes, facts.granted, supported)
    for cause in dict.fromkeys(causes.values()):
        absent = [scope for scope, of in causes.items() if of == cause]
        detail = scope_cause(cause, facts.vendor)
        why = f"Asked for and not granted: {_named(absent)}. {detail.why}"
        yield WeighedCause(cause, "likely", why, detail.source, detail.steps)


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


def _authentication(facts: Facts) -> Iterator[WeighedCause]:
    mine = facts.registered
    auth = facts.sent.client_auth or (mine.client_auth if mine is not None else None)
    if auth is None or "client_auth_wrong" not in facts.family:
        return
    how = "as a public client, without a secret" if auth == "none" else f"by {auth}"
    why = f"This app is configured to authenticate {how} (`client_auth`)."
    yield WeighedCause("client_auth_wrong", None, why, _RFC_6749)


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
