"""The launch context as the app may see it: never a token (docs: README, "Your own page")."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.sessions import Session


def describe(session: Session, public_url: str) -> Mapping[str, Any]:
    """The launch context as the app may see it: never a token."""
    context = session.context
    return {
        "ehr": session.ehr,
        "iss": session.iss,
        "patient": context.patient,
        "encounter": context.encounter,
        "user": None,
        "need_patient_banner": context.need_patient_banner,
        "smart_style_url": context.smart_style_url,
        "tenant": context.tenant,
        "intent": context.intent,
        "fhirContext": context.fhir_context,
        "scope": {
            "requested": session.requested,
            "granted": session.granted,
            "missing": session.missing,
            "causes": {},
        },
        "access_expires_at": _rfc3339(session.access_expires_at),
        "session_expires_at": _rfc3339(session.expires_at),
        "fhir_base": f"{public_url}/fhir_proxy/{session.handle}",
    }


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
