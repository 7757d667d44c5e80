"""Explain an EHR's error: parse the message, find its meaning, rank the causes, state the fix.

RFC 6749 4.1.2.1 and OpenID Connect Core 3.1.2.6. The EHR's own texts are only ever shown as text,
and its `error_uri` is never followed.
"""

from shared.explain.diagnosis import diagnose
from shared.explain.model import (
    AuthorizationRequest,
    Cause,
    CauseId,
    Certainty,
    Diagnosis,
    EhrMessage,
    Entry,
    Registered,
    Where,
)
from shared.explain.parsing.masking import harmless
from shared.explain.parsing.parse import parse
from shared.explain.parsing.responses import at_redirect, at_token_endpoint, shown
from shared.explain.parsing.shown_request import in_text
from shared.explain.ranking.change import parameter
from shared.explain.ranking.registrations import choose, registered
from shared.explain.ranking.scope_causes import scope_cause, scope_causes

__all__ = [
    "AuthorizationRequest",
    "Cause",
    "CauseId",
    "Certainty",
    "Diagnosis",
    "EhrMessage",
    "Entry",
    "Registered",
    "Where",
    "at_redirect",
    "at_token_endpoint",
    "choose",
    "diagnose",
    "harmless",
    "in_text",
    "parameter",
    "parse",
    "registered",
    "scope_cause",
    "scope_causes",
    "shown",
]
