"""A session and a registration as values, for tests that need no launch."""

from dataclasses import replace
from typing import Any

from shared.sessions import Session
from shared.settings import Ehr
from shared.tokens import LaunchContext

FHIR_BASE = "https://ehr.example/r4"
_CONTEXT = LaunchContext("p1", None, None, None, None, None, None)
_SESSION = Session(
    handle="h" * 22,
    ehr="one",
    iss=FHIR_BASE,
    fhir_base=FHIR_BASE,
    context=_CONTEXT,
    requested=("patient/*.rs",),
    granted=("patient/*.rs",),
    access_expires_at=4e9,
    expires_at=4e9,
    access_token="sentinel-access",
    refresh_token=None,
    token_endpoint="https://ehr.example/token",
    revocation_endpoint=None,
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
    """An open session of a patient, with `changes` to its other fields."""
    return replace(_SESSION, context=replace(_CONTEXT, patient=patient), **changes)
