"""Checks the EHR's keys for verifying id_tokens (OpenID Connect Discovery 1.0, section 3)."""

from doctor.finding import Checked, fail, ok
from shared.config.settings import Ehr
from shared.errors import IdTokenInvalid
from shared.oidc.keys import Keys
from shared.smart.discovery import SmartConfiguration


def check(ehr: Ehr, base: str, configuration: SmartConfiguration) -> Checked | None:
    """Check that the keys can be fetched like in the callback; return None without `openid`."""
    if "openid" not in ehr.scopes:
        return None
    issuer = ehr.id_token_issuer or configuration.issuer
    try:
        key_set = Keys().find(ehr, base, jwks_uri=configuration.jwks_uri, issuer=issuer)
        why = "" if key_set.keys else "None of the EHR's keys can verify an id_token."
    except IdTokenInvalid as error:
        evidence = ", ".join(f"{name} {value}" for name, value in error.evidence.items())
        why = f"{error.why} ({evidence})"
    if not why:
        return ok("jwks_unreachable", f"The keys of {base} can be fetched.", ehr.key)
    return fail(
        "jwks_unreachable",
        f"{base}: {why}",
        "Ask the EHR's operator, or remove openid and fhirUser from `scopes`. Without the keys, "
        "the app can't verify the user's identity.",
        ehr.key,
    )
