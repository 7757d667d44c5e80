"""A session and a registration as values, alone and in use, for tests that need no launch."""

from dataclasses import replace
from typing import Any

from shared.config.settings import Ehr
from shared.fhir.access import Access, of_session
from shared.session.record import Session
from shared.session.sessions import Active
from shared.smart.token_response import LaunchContext

FHIR_BASE = "https://ehr.example/r4"
_CONTEXT = LaunchContext("p1", None, None, None, None, None, None)
_SESSION = Session(
    handle="h" * 22,
    version=1,
    ehr="one",
    iss=FHIR_BASE,
    fhir_base=FHIR_BASE,
    flow="ehr",
    context=_CONTEXT,
    user=None,
    requested=("patient/*.rs",),
    scopes_supported=None,
    granted=("patient/*.rs",),
    access_life=3600.0,
    access_expires_at=4e9,
    expires_at=4e9,
    access_token="sentinel-access",
    refresh_token=None,
    token_endpoint="https://ehr.example/token",
    revocation_endpoint=None,
    issuer=None,
    jwks_uri=None,
    secret=b"s" * 43,
)
EHR = Ehr(
    key="one",
    name="one",
    vendor="generic",
    iss=(FHIR_BASE,),
    client_id="c",
    client_auth="none",
    client_secret=None,
    private_key=None,
    key_id=None,
    scopes=("patient/*.rs",),
    standalone=False,
    redirect_path="/callback",
    endpoint_hosts=frozenset(),
    id_token_issuer=None,
    ca_file=None,
)


def open_session(patient: str | None = "p1", **changes: Any) -> Session:
    """Return an open session of a patient, with `changes` to its other fields."""
    return replace(_SESSION, context=replace(_CONTEXT, patient=patient), **changes)


def access(patient: str | None = "p1", **changes: Any) -> Access:
    """Return the access of an open session."""
    return of_session(in_use(open_session(patient, **changes)))


def in_use(session: Session, ehr: Ehr = EHR) -> Active:
    """Return a session in use whose access can't be renewed."""
    return Active(session, ehr, lambda: None)
