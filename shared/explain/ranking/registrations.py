"""Choose the configured registration that a failure is about."""

from collections.abc import Callable, Sequence

from shared.config.settings import Ehr
from shared.explain.model import AuthorizationRequest, EhrMessage, Registered


def registered(ehr: Ehr, public_url: str | None) -> Registered:
    """Return a registration of the settings for use in a diagnosis."""
    # A file's bases aren't read here. Like a wildcard, it means that any tenant may be configured.
    of_file = (f"{ehr.issuers}/*",) if ehr.issuers else ()
    return Registered(
        key=ehr.key,
        vendor=ehr.vendor,
        client_id=ehr.client_id or None,
        scopes=ehr.scopes,
        iss=(*ehr.iss, *of_file),
        redirect_uri=public_url + ehr.redirect_path if public_url else None,
        client_auth=ehr.client_auth,
        standalone=ehr.standalone,
    )


def choose(
    message: EhrMessage, sent: AuthorizationRequest, among: Sequence[Registered]
) -> Registered | None:
    """Choose by client id, then by tenant or FHIR base, then the only one, then by vendor."""
    low = message.text.lower()
    ids = {one.lower() for one in (message.client, sent.client_id) if one}
    bases = {one.rstrip("/").lower() for one in (sent.aud,) if one}
    only = len(among) == 1
    ranks: tuple[Callable[[Registered], bool], ...] = (
        lambda one: one.client_id is not None and one.client_id.lower() in ids,
        lambda one: message.tenant is not None and message.tenant.lower() in tenants(one.iss),
        lambda one: any(base.lower() in bases for base in one.iss),
        lambda one: any(base.lower().removesuffix("/*") in low for base in one.iss),
        lambda one: only or (message.vendor is not None and one.vendor == message.vendor),
    )
    for fits in ranks:
        for one in among:
            if fits(one):
                return one
    return None


def tenants(bases: Sequence[str]) -> tuple[str, ...]:
    """Return the last path segment of each FHIR base, which names the tenant at Oracle Health."""
    return tuple(base.rpartition("/")[2].lower() for base in bases if not base.endswith("/*"))
