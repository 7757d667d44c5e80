"""Find evidence about the scopes: their syntax, and which are registered, requested and granted.

SMART App Launch 2.2, "Scopes"; RFC 6749 3.3.
"""

import re
from collections.abc import Iterator

from shared.explain.catalogue.sources import SMART
from shared.explain.model import CauseId, Certainty
from shared.explain.ranking.facts import Evidence, Facts, named
from shared.explain.ranking.scope_causes import (
    in_other_version,
    is_misspelt,
    is_wildcard,
    scope_cause,
    scope_causes,
    version,
    versions,
)
from shared.scopes import missing, names_resources

_SCOPE_CAUSES: tuple[CauseId, ...] = ("scope_syntax", "scope_not_registered", "scope_trimmed")


def evidence(facts: Facts) -> Iterator[Evidence]:
    """Yield the evidence of this kind."""
    if facts.may_be(*_SCOPE_CAUSES) or (facts.by_code and facts.granted is not None):
        yield from _syntax(facts)
        yield from _registered(facts)
        yield from _against_the_registration(facts)
        yield from _trimmed(facts)
        yield from _of_one_version(facts)
    yield from _not_requested(facts)


def _syntax(facts: Facts) -> Iterator[Evidence]:
    wildcards = [scope for scope in facts.scopes if is_wildcard(scope)]
    found = f"There are wildcards in {facts.where_scopes}: {named(wildcards)}."
    dropped = facts.habits.scopes.wildcards_dropped
    refused = facts.message.oauth_error == "invalid_scope" and facts.from_text and not dropped
    odd = [scope for scope in facts.scopes if is_misspelt(scope)]
    supported = facts.sent.scopes_supported or ()
    others = [
        (scope, other) for scope in facts.scopes if (other := in_other_version(scope, supported))
    ]
    both = {number: scope for scope in facts.scopes if (number := version(scope)) is not None}
    if wildcards and refused and not any(map(is_wildcard, facts.shown_scopes.registered)):
        why = f"{found} Many servers refuse them."
        spelled = _SPELLED.replace("user/", f"{wildcards[0].partition('/')[0]}/")
        step = f"Replace {named(wildcards)} with one scope per type and action: {spelled}"
        yield Evidence("scope_syntax", "likely", why, SMART, (step,))
    elif odd:
        why = f"Neither SMART version has the syntax of {named(odd)}."
        yield Evidence("scope_syntax", "likely", why, SMART, (_WRITE,))
    elif wildcards and dropped:
        why = f"{found} The EHR drops them entirely."
        yield Evidence("scope_syntax", "certain", why, dropped)
    elif others:
        scope, other = others[0]
        why = f"`{scope}` was requested, but the EHR writes `{other}`."
        yield Evidence("scope_syntax", _of_scopes(facts), why, "the EHR's `scopes_supported`")
    elif len(both) > 1:
        one, other = both["v1"], both["v2"]
        why = f"SMART v1 (`{one}`) and v2 (`{other}`) are mixed in {facts.where_scopes}."
        yield Evidence("scope_syntax", _of_scopes(facts), why, SMART)


_SPELLED = (
    "v1 `user/Patient.read` and `user/Patient.write`, or v2 letters such as `user/Patient.rs` and "
    "`user/Patient.c`."
)
_WRITE = f"Write the scopes as {_SPELLED}"


def _of_scopes(facts: Facts) -> Certainty:
    """Return the certainty of a mistake in the scopes, given that the user may have declined."""
    return "possible" if "user_declined" in facts.family else "likely"


def _registered(facts: Facts) -> Iterator[Evidence]:
    systems = [scope for scope in facts.scopes if scope.startswith("system/")]
    if systems and not facts.backend:
        why = f"Only programs that run without a user can use {named(systems)}."
        step = "Remove every `system/` scope. User launches can't use them."
        yield Evidence("scope_not_registered", "likely", why, SMART, (step,))
        return
    supported = facts.sent.scopes_supported or ()
    absent = missing(facts.scopes, supported) if names_resources(supported) else ()
    # Some lists, such as Inferno's, leave out `launch`, because the capability `launch-ehr` has it.
    absent = tuple(
        scope for scope in absent if scope != "launch" and not in_other_version(scope, supported)
    )
    if absent:
        why = f"The EHR doesn't list {named(absent)} in `scopes_supported`."
        source = "the EHR's `scopes_supported`"
        yield Evidence("scope_not_registered", _of_scopes(facts), why, source)


def _of_one_version(facts: Facts) -> Iterator[Evidence]:
    """Yield a cause for scopes of one version at an EHR where reports of drops are about v1."""
    mine = versions(facts.scopes)
    both = facts.family >= {"scope_syntax", "scope_not_registered"} and (
        "scope_trimmed" not in facts.family
    )
    if both and len(mine) == 1 and facts.habits.scopes.other_version_dropped:
        cause: CauseId = "scope_not_registered" if mine == {"v2"} else "scope_syntax"
        why = f"The scopes are written for SMART {mine.pop()}."
        source = "reports of lost scopes are about SMART v1; which cause applies here is inferred"
        yield Evidence(cause, "likely", why, source)


def _against_the_registration(facts: Facts) -> Iterator[Evidence]:
    """Yield causes from the registration's SMART version and scopes, as the text states them."""
    registered = facts.claims.signs & {"v1", "v2"}
    written = versions(facts.scopes)
    if len(written) == len(registered) == 1 and written != registered:
        scope = next(scope for scope in facts.scopes if version(scope) is not None)
        (mine,) = registered
        wanted = "`.rs` and other letters (v2)" if mine == "v2" else "`.read` and `.write` (v1)"
        like = f"{scope.rpartition('.')[0]}{'.rs' if mine == 'v2' else '.read'}"
        why = f"The registration is for SMART {mine}, but `{scope}` is written in the other syntax."
        step = f"Write the scopes with {wanted}, to match the registration: `{like}`."
        yield Evidence("scope_syntax", "likely", why, SMART, (step,))
    absent = missing(facts.scopes, facts.shown_scopes.registered)
    if facts.shown_scopes.registered and absent and not registered:
        why = f"The registration in the text doesn't include {named(absent)}."
        step = f"Add {named(absent)} to the registration, or request only registered scopes."
        yield Evidence("scope_not_registered", "likely", why, "the text", (step,))


_CALL = re.compile(
    r"\b(GET|POST|PUT|PATCH|DELETE)\b\s{1,3}(?:(?:https?://)?[^\s?\"']{0,200}?/|an? )?"
    r"([A-Z][A-Za-z]{2,40})\b"
)
_TYPE = re.compile(
    r"\b403\b[^\n]{0,20}?\b(?:on|for|from|at) /?([A-Z][A-Za-z]{2,40})\b"
    r"|https?://[^\s\"']{0,200}/([A-Z][A-Za-z]{2,40})/?[^\s\"']{0,80}\W{1,6}403\b"
)


def _not_requested(facts: Facts) -> Iterator[Evidence]:
    """Yield a cause if a request was refused for a type that no requested scope covers."""
    refused = {"scope_trimmed", "user_not_permitted"} <= facts.family
    refused |= facts.message.status == 403 or facts.message.oauth_error == "insufficient_scope"
    if not (refused and (facts.scopes or facts.granted)):
        return
    calls = _CALL.findall(facts.pasted) or [
        ("GET", one or other) for one, other in _TYPE.findall(facts.pasted)
    ]
    for method, kind in calls:
        letters = {"GET": "rs", "POST": "c", "DELETE": "d"}.get(method, "u")
        needed = [f"{level}/{kind}.{letters}" for level in ("patient", "user", "system")]
        if facts.granted and not facts.scopes:
            if all(missing((scope,), facts.granted) for scope in needed):
                why = f"The granted scopes don't cover {method} {kind}."
                step = f"In the registration, select {kind} among APIs or scopes, and request it."
                yield Evidence("scope_not_registered", "likely", why, SMART, (step,))
                return
        elif all(missing((scope,), facts.scopes) for scope in needed):
            why = f"{method} {kind} needs a scope that wasn't requested."
            user = ("patient", ", or the same with `user/`,")
            level, others = ("system", "") if facts.backend else user
            v1 = "read" if method == "GET" else "write"
            step = f"Add `{level}/{kind}.{letters}` (v1: `.{v1}`){others} to `scopes`. Register it."
            yield Evidence("scope_not_requested", "likely", why, SMART, (step,))
            return


def _trimmed(facts: Facts) -> Iterator[Evidence]:
    """Yield causes for the requested scopes that the text's token response lacks."""
    if facts.shown_scopes.missing and facts.granted is None:
        absent = named(facts.shown_scopes.missing)
        why = f"The text says that {absent} was not granted."
        step = f"In the EHR's registration or user administration, allow {absent}."
        yield Evidence("scope_trimmed", "likely", why, "the text", (step,), told=True)
    if facts.granted is None:
        return
    supported = facts.sent.scopes_supported
    flow = facts.sent.flow if facts.sent.flow != "backend" else None
    flow = flow or ("ehr" if facts.persona == "provider" else None)
    causes = scope_causes(facts.vendor, flow, facts.scopes, facts.granted, supported)
    if causes and facts.claims.has("other_user"):
        why = "With another user, the server grants more, so this user's account differs."
        yield Evidence("user_not_permitted", "likely", why, "the text")
    for cause in dict.fromkeys(causes.values()):
        lost = [scope for scope, of in causes.items() if of == cause]
        detail = scope_cause(cause, facts.vendor)
        it, scope = ("it", "scope") if len(lost) == 1 else ("them", "scopes")
        why = f"The app requested {named(lost)}, but the EHR didn't grant {it}. {detail.why}"
        first: tuple[str, ...] = (f"In the EHR's registration, select the {scope} {named(lost)}.",)
        if cause == "scope_syntax":
            first = (_WRITE,) if any(map(is_misspelt, lost)) else ()
        steps = (*first, *detail.steps)
        yield Evidence(cause, "likely", why, detail.source, steps)
