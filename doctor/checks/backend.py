"""Checks backend services (SMART App Launch 2.2, "Backend Services"): requests a token at each FHIR
base, as a job does, and doesn't use it.

Unlike a launch, this needs no user. So it shows whether the EHR knows the key and the client, and
which scopes it grants.
"""

from doctor.finding import Checked, fail, ok, warn
from shared import scopes
from shared.config.settings import Ehr
from shared.errors import CodedError, DiscoveryFailed, DiscoveryInvalid
from shared.own import backends
from shared.smart.backend_tokens import BackendTokens
from shared.smart.client_auth import Clients


def check(service: Ehr, clients: Clients) -> list[Checked]:
    """Check the FHIR bases of an `Ehr.backend`, except `/*`, whose tenants are unknown.

    doctor/checks/ehr.py reports the bases without a usable discovery document.
    """
    tokens = BackendTokens(clients)
    asked = (_asked(tokens, service, base) for base in service.literal_iss)
    return [one for one in asked if one is not None]


def _asked(tokens: BackendTokens, service: Ehr, base: str) -> Checked | None:
    try:
        token = tokens.of(service, base)
    except (DiscoveryFailed, DiscoveryInvalid):
        return None
    except CodedError as error:
        told = backends.explained(error, service)
        title = f"{base} refused a token for the backend service. {told.why}"
        return fail("backend_refused", title, " ".join(told.steps), service.key)
    granted = scopes.of_system(token.granted)
    absent = [one for one in service.scopes if scopes.missing(scopes.of_system([one]), granted)]
    if not absent:
        title = f"{base} grants the backend service all of its scopes."
        return ok("backend_refused", title, service.key)
    title = f"{base} doesn't grant the backend service {' '.join(absent)}."
    fix = "Select the scopes in its registration at the EHR, or remove them from `system_scopes`."
    return warn("backend_refused", title, fix, service.key)
