"""Find evidence about the launch and its user: `launch`, client, tenant, persona.

SMART App Launch 2.2, "Launch app: EHR launch"; the keys `client`, `tenant` and `persona` of Oracle
Health's `error_uri`.
"""

import re
from collections.abc import Iterator

from shared.explain import parameters
from shared.explain.catalogue.sources import SMART
from shared.explain.model import CauseId, Certainty
from shared.explain.parsing import shown_request
from shared.explain.ranking.facts import Evidence, Facts
from shared.patterns import any_case

_OBSERVED = "the error's own `client`, which is the client ID of the request in reported cases"

# A backend service has no user, browser or chart (SMART App Launch 2.2, "Backend Services").
NOT_OF_A_PROGRAM: frozenset[CauseId] = frozenset(
    {
        *("launch_parameter_missing", "launch_scope_missing", "launch_value_invalid"),
        *("launch_patient_scope_on_provider", "redirect_uri_mismatch", "user_declined"),
        *("user_mismatch", "persona_mismatch", "pkce_mismatch", "cookies_blocked"),
        *("code_expired_or_used", "session_ended", "frame_refused", "state_unknown"),
    }
)


def evidence(facts: Facts) -> Iterator[Evidence]:
    """Yield the evidence of this kind."""
    yield from _launch_scope(facts)
    yield from _no_launch(facts)
    yield from _client(facts)
    yield from _tenant(facts)
    yield from _persona(facts)


def _no_launch(facts: Facts) -> Iterator[Evidence]:
    if not facts.from_text or facts.backend or facts.sent.flow == "ehr":
        return
    listed = "launch" in (facts.sent.parameters or ())
    legacy = shown_request.legacy_launch_in(facts.message.text)
    shown = facts.is_shown and facts.at_request and ("launch" in facts.lacks | set(facts.scopes))
    if shown and facts.may_be("launch_parameter_missing"):
        why = "The request in the text has no `launch` value."
        certainty = _certainty("launch" in facts.lacks, facts)
        yield Evidence("launch_parameter_missing", certainty, why, SMART)
    elif listed and "launch" in facts.lacks:
        why = (
            "`launch` is in the list of sent parameters, so this is the cause only if its "
            "value was empty or got lost in transit."
        )
        yield Evidence("launch_parameter_missing", "possible", why, SMART, denied=True)
    elif legacy and not listed and facts.may_be("launch_parameter_missing"):
        why = f"The app was opened with `{legacy[0]}`, which isn't a SMART launch."
        yield Evidence("launch_parameter_missing", "likely", why, SMART)


def _certainty(reported: bool, facts: Facts) -> Certainty:
    """Return the certainty of a problem in the request: certain if the EHR's error reports it or
    there is no error. If the error is about something else, the problem is only likely, and if the
    server failed, it's only possible.
    """
    other = facts.message.urn or facts.message.oauth_error or facts.entries
    if not reported and (facts.message.status or 0) >= 500:
        return "possible"
    return "certain" if reported or not other else "likely"


def _launch_scope(facts: Facts) -> Iterator[Evidence]:
    concerned = not facts.family.isdisjoint(
        ("launch_patient_scope_on_provider", "launch_scope_missing", "patient_context_missing")
    )
    if not (facts.at_request or concerned) or facts.sent.flow in {"standalone", "backend"}:
        return
    sent = facts.sent
    refused_it = "launch/patient" not in (facts.granted or ())
    if "launch/patient" in facts.scopes and refused_it and facts.persona != "patient":
        unlisted = sent.scopes_supported and "launch/patient" not in sent.scopes_supported
        refused = facts.habits.scopes.launch_patient_refused
        provider = refused and facts.persona == "provider"
        if not (unlisted or refused or concerned):
            return
        why = f"`launch/patient` is in {facts.where_scopes}"
        # Next to `launch` it's still wrong, but doesn't prove the cause of this error.
        alone = "launch" not in facts.scopes
        why += " without `launch`" if alone else ""
        if provider:
            whose = "sign-in" if facts.message.persona else "FHIR base"
            why += f", and the EHR's {whose} is the one for clinicians (persona provider)"
        if unlisted:
            why += ". The EHR doesn't list `launch/patient` among its scopes"
        certainty: Certainty = "certain" if alone and (provider or unlisted) else "likely"
        if not (unlisted or refused):
            # Nothing shows that it's refused: many servers grant it.
            certainty = "possible"
        yield Evidence("launch_patient_scope_on_provider", certainty, f"{why}.", SMART)
    elif sent.scopes is not None and _of_the_ehr(facts) and "launch" not in sent.scopes:
        why = f"A `launch` value was sent, but `launch` isn't in {facts.where_scopes}."
        reported = facts.may_be("launch_scope_missing", "patient_context_missing")
        certainty = _certainty(reported or not facts.from_text, facts)
        yield Evidence("launch_scope_missing", certainty, why, SMART)


def _of_the_ehr(facts: Facts) -> bool:
    """Return whether a `launch` value was sent, or the text says so."""
    told = facts.from_text and re.search(r"\bEHR launch\b|\bsen[dt] launch=", facts.pasted)
    return facts.sent.flow == "ehr" or bool(told and "launch/patient" not in facts.scopes)


def _client(facts: Facts) -> Iterator[Evidence]:
    seen, who = facts.message.client, "The EHR saw"
    if seen is None or seen.lower() == "unknown":
        whole = "response_type" in (facts.sent.parameters or ())
        seen, who = (facts.sent.client_id if whole and facts.from_text else None), "The request has"
    expected = facts.client_id
    if seen is None or expected is None or seen.lower() == expected.lower():
        return
    configured = facts.registered.client_id
    whose = "The one that should be used is" if configured is None else "The configured one is"
    # Both apps may be registered, so an error about a missing launch value proves no mismatch.
    proven = "launch" not in facts.lacks or "launch/patient" in facts.scopes
    yield Evidence(
        "client_id_mismatch",
        "certain" if proven else "likely",
        f"{who} client ID {seen}. {whose} {expected}.",
        _OBSERVED,
        (f"Find out what still sends {seen}, and have it send {expected}.",),
    )


# A tenant that would be a UUID if its last group were 12 hexadecimal digits.
_NOT_A_UUID = any_case(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}(?![0-9a-f]{12}(?:-ch)?\Z)[0-9a-z]{6,18}")


def _tenant(facts: Facts) -> Iterator[Evidence]:
    tenant = facts.message.tenant
    if tenant is not None and "tenant_mismatch" in facts.family and _NOT_A_UUID.fullmatch(tenant):
        last = tenant.rpartition("-")[2]
        why = f"The tenant in the error isn't a UUID: `{last}` isn't 12 hexadecimal digits."
        step = f"Correct the tenant in the URL of the request: {tenant} isn't a UUID."
        yield Evidence("tenant_mismatch", "likely", why, "the error's own `tenant`", (step,))
    elsewhere = facts.vendor is not None and not facts.habits.signs.tenant
    if tenant is None or not facts.tenants or elsewhere:
        return
    if tenant.lower().removesuffix("-ch") not in facts.tenants:
        expected = " or ".join(facts.tenants)
        why = f"The EHR names tenant {tenant}, but the FHIR base belongs to {expected}."
        yield Evidence("tenant_mismatch", "certain", why, "the error's own `tenant`")


def _persona(facts: Facts) -> Iterator[Evidence]:
    persona, expected = facts.message.persona, facts.host_persona
    if persona is not None and expected is not None and persona != expected:
        why = f"The sign-in was for persona {persona}, but the FHIR base is for {expected}s."
        yield Evidence("persona_mismatch", "likely", why, "the error's own `persona`")


def contradicted(facts: Facts) -> Iterator[CauseId]:
    """Yield the causes that the evidence contradicts."""
    seen, expected = facts.message.client, facts.client_id
    same = seen is not None and expected is not None and seen.lower() == expected.lower()
    if same and not _reports_mismatch(facts, "client_id_mismatch"):
        yield "client_id_mismatch"
    same = facts.message.tenant is not None and facts.message.tenant.lower() in facts.tenants
    if same and not _reports_mismatch(facts, "tenant_mismatch"):
        yield "tenant_mismatch"
    if facts.persona == "patient" or (facts.scopes and "launch/patient" not in facts.scopes):
        yield "launch_patient_scope_on_provider"
    if facts.sent.scopes is not None and "launch" in facts.sent.scopes:
        yield "launch_scope_missing"
    if facts.sent.flow == "ehr":
        yield "launch_parameter_missing"
    elif facts.is_shown:
        yield "launch_value_invalid"
    if facts.refuted and not (facts.by_code and facts.from_text):
        # The first cause of such an entry is that the parameter wasn't sent.
        yield from (one.causes[0].id for one in facts.entries if one.lacks)
    if not facts.from_text:
        yield from _ruled_out_by_this_app(facts)
    named = facts.sent.parameters
    if named is not None and all(parameters.is_recognised(name) for name in named):
        yield "parameter_not_recognised"


def _reports_mismatch(facts: Facts, cause: CauseId) -> bool:
    """Return whether the error itself reports this mismatch, for a request in a text.

    If it does, the same value in the error and the request doesn't rule the mismatch out: the
    other value is in the code, the token or the launch, which the text doesn't show.
    """
    return facts.from_text and any(
        first.id == cause and first.certainty not in {one.certainty for one in others}
        for first, *others in (entry.causes for entry in facts.entries)
    )


def _ruled_out_by_this_app(facts: Facts) -> Iterator[CauseId]:
    """Yield the causes that this app itself rules out: it stores the verifier with its challenge,
    and exchanges the code with the client id and the redirect URI of the request.
    """
    yield "pkce_mismatch"
    if not facts.at_request:
        yield from ("client_id_mismatch", "redirect_uri_mismatch")
    elif not any(
        (cause.id, cause.certainty) == ("client_id_mismatch", "certain")
        for entry in facts.entries
        for cause in entry.causes
    ):
        # Only a different client id in the EHR's message would be evidence.
        yield "client_id_mismatch"
