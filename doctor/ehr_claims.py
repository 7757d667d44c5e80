"""What an EHR says it can do, held against what the registration needs of it.

SMART App Launch 2.2, "Conformance" (capabilities, PKCE) and RFC 8414 2 (client authentication).
Documents are known to leave out what works (Oracle Health lists no `none` and takes public
clients), so nothing here is more than a warning.
"""

from collections.abc import Mapping
from typing import Any

from doctor.finding import Finding, ok, warn
from shared.settings import Ehr

_CLIENT_CAPABILITY: Mapping[str, str] = {
    "none": "client-public",
    "client_secret_basic": "client-confidential-symmetric",
    "client_secret_post": "client-confidential-symmetric",
    "private_key_jwt": "client-confidential-asymmetric",
}


def check(ehr: Ehr, base: str, document: Mapping[str, Any]) -> list[Finding]:
    """PKCE, capabilities and client authentication in a discovery document."""
    return [
        _pkce(ehr, base, document),
        _capabilities(ehr, base, document),
        *_method(ehr, base, document),
    ]


def _pkce(ehr: Ehr, base: str, document: Mapping[str, Any]) -> Finding:
    if "S256" in _texts(document, "code_challenge_methods_supported"):
        return ok("pkce_not_advertised", f"{base} advertises PKCE with S256.", ehr.key)
    return warn(
        "pkce_not_advertised",
        f"{base} does not list S256 in code_challenge_methods_supported.",
        "S256 is sent all the same; ask the EHR's operator whether it is checked. Where it is not, "
        "a stolen code of a public client can be used by a thief.",
        ehr.key,
    )


def _capabilities(ehr: Ehr, base: str, document: Mapping[str, Any]) -> Finding:
    needed = ["launch-standalone" if ehr.standalone else "launch-ehr"]
    needed.append(_CLIENT_CAPABILITY[ehr.client_auth])
    absent = [one for one in needed if one not in _texts(document, "capabilities")]
    if not absent:
        return ok("capability_missing", f"{base} lists {' and '.join(needed)}.", ehr.key)
    return warn(
        "capability_missing",
        f"{base} does not list {' and '.join(absent)} in its capabilities.",
        "Ask the EHR's operator whether it does this all the same; else change `standalone` or "
        "`client_auth` to what it does.",
        ehr.key,
    )


def _method(ehr: Ehr, base: str, document: Mapping[str, Any]) -> list[Finding]:
    """Nothing where the EHR lists no methods; public clients are a capability as well."""
    methods = _texts(document, "token_endpoint_auth_methods_supported")
    if not methods:
        return []
    public = ehr.client_auth == "none" and "client-public" in _texts(document, "capabilities")
    if public or ehr.client_auth in methods:
        title = f"{base} takes client_auth {ehr.client_auth}."
        return [ok("client_auth_unsupported", title, ehr.key)]
    return [
        warn(
            "client_auth_unsupported",
            f"{base} does not list {ehr.client_auth} in token_endpoint_auth_methods_supported.",
            "Compare `client_auth` with the kind of client (public, confidential) that the app's "
            "registration at the EHR names.",
            ehr.key,
        )
    ]


def _texts(document: Mapping[str, Any], name: str) -> list[object]:
    value = document.get(name)
    return value if isinstance(value, list) else []
