"""Describe the launch context to the app, never with a token (README, "Your own page")."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.findings import Finding
from shared.oidc.id_token import Identity
from shared.session.record import Session

if TYPE_CHECKING:
    from shared import explain


def describe(session: Session, vendor: str, public_url: str) -> Mapping[str, Any]:
    """Return the launch context that the app may see, never with a token."""
    context = session.context
    return {
        "ehr": session.ehr,
        "iss": session.iss,
        "patient": context.patient,
        "encounter": context.encounter,
        "user": _user(session.user),
        "need_patient_banner": context.need_patient_banner,
        "smart_style_url": context.smart_style_url,
        "tenant": context.tenant,
        "intent": context.intent,
        "fhirContext": context.fhir_context,
        "app_context": context.app_context,
        "scope": {
            "requested": session.requested,
            "granted": session.granted,
            "missing": session.missing,
            "causes": causes(session, vendor),
        },
        "access_expires_at": _rfc3339(session.access_expires_at),
        "session_expires_at": _rfc3339(session.expires_at),
        # The proxy's base. The EHR's is `iss`.
        "fhir_base": f"{public_url}/fhir_proxy/{session.handle}",
    }


def causes(session: Session, vendor: str) -> "Mapping[str, explain.CauseId]":
    """Return the most probable cause id for each scope that was requested and not granted."""
    if not session.missing:
        return {}
    # Import here: the catalogue is large, and most launches are granted all requested scopes.
    from shared import explain

    return explain.scope_causes(
        vendor, session.flow, session.requested, session.granted, session.scopes_supported
    )


def scope_finding(session: Session, vendor: str, scope: str) -> Finding:
    """Return the reason that a scope in `session.missing` wasn't granted, and the fix."""
    from shared import explain

    return explain.scope_cause(causes(session, vendor)[scope], vendor)


def _user(user: Identity | None) -> Mapping[str, str | None] | None:
    if user is None:
        return None
    return {"sub": user.sub, "fhirUser": user.fhir_user, "name": user.name}


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
