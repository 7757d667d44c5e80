"""The EHR's keys, with which an id_token is verified (OpenID Connect Discovery 1.0, section 3)."""

import json

from doctor.finding import Finding, fail, ok
from shared import discovery, outbound, urls
from shared.settings import Ehr


def check(ehr: Ehr, base: str, jwks_uri: str) -> Finding:
    """Whether the keys can be fetched; `jwks_uri` lies on one of the EHR's hosts."""
    problem = _problem(ehr, base, urls.resolve(base, jwks_uri))
    if problem is None:
        return ok("jwks_unreachable", f"{base} serves its keys.", ehr.key)
    return fail(
        "jwks_unreachable",
        f"{base}: its jwks_uri {problem}.",
        "Ask the EHR's operator, or remove openid and fhirUser from `scopes`: without the keys "
        "nobody can verify who the user is.",
        ehr.key,
    )


def _problem(ehr: Ehr, base: str, url: str) -> str | None:
    if base.startswith("https:") and not url.lower().startswith("https:"):
        return "is not https"
    try:
        answer = outbound.send(
            "GET",
            url,
            seconds=discovery.SECONDS,
            max_bytes=discovery.MAX_BYTES,
            headers={"Accept": "application/json"},
            ca_file=ehr.ca_file,
        )
    except outbound.OutboundError as error:
        return f"does not answer ({error})"
    if answer.status != 200:
        return f"answers with status {answer.status}"
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    keys = document.get("keys") if isinstance(document, dict) else None
    return None if isinstance(keys, list) and keys else "holds no keys"
