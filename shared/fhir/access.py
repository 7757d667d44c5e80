"""The access that a FHIR request uses: whose it is, what it covers, and the token.

Everything that reads a chart takes this value, so decisions, calls and checks don't depend on where
the access comes from: a session (`of_session`), the token of a CDS call
(functions/cds_services/reader.py), or a job's (shared/own/backends.py).
"""

from collections.abc import Callable
from dataclasses import field

from shared.config.settings import Ehr
from shared.errors import CodedError
from shared.fhir.references import Compartment
from shared.findings import Finding
from shared.frozen import dataclass
from shared.scopes import Grant
from shared.session import context
from shared.session.sessions import Active


@dataclass(frozen=True, slots=True)
class Access:
    """Access to one FHIR base.

    Fields:
        patient: the patient that patient/ scopes are restricted to, None if there is none.
        grants: what the token may be used for.
        holder: whose share of an instance's memory and threads the calls use (a session's handle),
            None if each request counts by itself.
        oauth_endpoints: the EHR's endpoints that no page link may lead to.
        missing: returns the scopes that were requested and not granted.
        explained: returns why a missing scope wasn't granted, and the fix.
        renewed: called if the EHR refuses the token. Returns newer access, or None. Raises the
            errors of a renewal.
        accepted: called when the EHR accepts renewed access.
        ended: called if the EHR also refuses the token for the patient itself and nothing can renew
            it. Returns the error to raise. None if a refusal never ends the access.
    """

    ehr: Ehr
    fhir_base: str
    token: str = field(repr=False)
    patient: str | None
    grants: tuple[Grant, ...]
    holder: str | None = None
    oauth_endpoints: tuple[str, ...] = ()
    missing: Callable[[], tuple[str, ...]] = tuple
    explained: Callable[[str], Finding] | None = None
    renewed: Callable[[], "Access | None"] = lambda: None
    accepted: Callable[[], None] = lambda: None
    ended: Callable[[], CodedError] | None = None

    @property
    def compartment(self) -> Compartment:
        """The compartment of its patient."""
        return Compartment(self.patient, self.fhir_base)


def of_session(active: Active) -> Access:
    """Return the access of a session in use."""
    session, ehr = active.session, active.ehr

    def renewed() -> Access | None:
        newer = active.renewed()
        return of_session(newer) if newer else None

    return Access(
        ehr,
        session.fhir_base,
        session.access_token,
        session.context.patient,
        session.grants(ehr),
        session.handle,
        session.oauth_endpoints,
        missing=lambda: session.missing,
        explained=lambda scope: context.scope_finding(session, ehr.vendor, scope),
        renewed=renewed,
        accepted=active.accepted,
        ended=active.ended if session.refresh_token is None else None,
    )
