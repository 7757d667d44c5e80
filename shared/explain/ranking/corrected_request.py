"""Correct an authorization request, parameter by parameter.

SMART App Launch 2.2, "Obtain authorization code". A value that only the app knows is described in
angle brackets.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from shared.explain.model import Cause, CauseId
from shared.explain.ranking.change import PARAMETERS, suspected
from shared.explain.ranking.facts import Facts
from shared.explain.ranking.scope_causes import in_other_version, is_wildcard, version
from shared.scopes import parse

# The causes that are mistakes in the authorization request.
_IN_REQUEST: frozenset[CauseId] = frozenset(
    {
        *PARAMETERS,
        *("request_malformed", "parameter_not_recognised", "request_too_long", "tenant_mismatch"),
    }
)


def corrected(facts: Facts, causes: Collection[Cause]) -> Mapping[str, str] | None:
    """Return each parameter with its correct value, or None if no mistake in it is known."""
    sure = {cause.id for cause in causes if cause.certainty != "possible"}
    if not facts.at_request or sure.isdisjoint(_IN_REQUEST):
        return None
    standalone = facts.sent.flow == "standalone" or (
        facts.sent.flow is None and facts.persona == "patient"
    )
    mine = facts.registered
    wrong = suspected(causes) if facts.from_text else frozenset()
    client_id = mine.client_id if "client_id" in wrong else facts.client_id
    redirect_uri = mine.redirect_uri if "redirect_uri" in wrong else facts.redirect_uri
    request = {
        "response_type": "code",
        "client_id": client_id or "<the client ID of the app's registration>",
        "redirect_uri": redirect_uri or "<the registered redirect URI, byte for byte>",
        "scope": " ".join(_scopes(facts, sure, standalone=standalone)),
        "state": "<a new random value for each launch>",
        "aud": _aud(mine.iss if "aud" in wrong else facts.bases, standalone=standalone),
        "code_challenge": "<base64url of SHA-256 of a new code_verifier>",
        "code_challenge_method": "S256",
    }
    if not standalone:
        request["launch"] = "<the launch value received, unchanged>"
    return request


def _aud(bases: Sequence[str], *, standalone: bool) -> str:
    if len(bases) == 1 and not bases[0].endswith("/*"):
        return bases[0]
    if standalone:
        return "<the FHIR base of the EHR>"
    return "<the iss received with the launch, unchanged>"


def _scopes(facts: Facts, sure: Collection[CauseId], *, standalone: bool) -> Iterator[str]:
    """Yield the requested scopes, with the launch scope of the flow and in the EHR's syntax."""
    supported = facts.sent.scopes_supported or ()
    if not standalone:
        yield "launch"
    elif "launch/patient" in supported or (not supported and facts.persona != "provider"):
        yield "launch/patient"
    kept = [one for one in facts.scopes if not one.startswith(("launch", "system/"))]
    if not kept:
        yield "<the scopes that are registered for the app>"
    refused = "scope_syntax" in sure and facts.message.oauth_error == "invalid_scope"
    for scope in kept:
        other = in_other_version(scope, supported)
        if scope.endswith("/*.*") and "scope_syntax" in sure:
            yield f"<{scope[:-3]}TYPE.ACTION for each resource type and action that the app needs>"
        elif is_wildcard(scope) and (facts.habits.scopes.wildcards_dropped or refused):
            yield f"<one {scope.replace('*', 'TYPE', 1)} for each resource type that the app reads>"
        elif other is not None:
            yield _rewritten(scope, other)
        else:
            yield scope


def _rewritten(scope: str, like: str) -> str:
    """Rewrite a v1 scope as v2 or the reverse, with the same read and search access."""
    base = scope.partition("?")[0].rpartition(".")[0]
    wanted = parse(scope)
    if version(like) == "v1" or wanted is None:
        return like
    return f"{base}.{''.join(letter for letter in 'cruds' if letter in wanted.letters)}"
