"""What an EHR says it can do, held against what the registration needs of it.

SMART App Launch 2.2, "Conformance" (capabilities, PKCE) and RFC 8414 2 (client authentication).
Documents are known to leave out what works (Oracle Health lists no `none` and takes public
clients), so nothing here is more than a warning but that for which the functions refuse a launch.
"""

from collections.abc import Mapping
from typing import Any

from doctor.finding import Checked, fail, ok, warn
from shared.config.settings import Ehr
from shared.json_members import items
from shared.smart.discovery import SmartConfiguration

_CLIENT_CAPABILITY: Mapping[str, str] = {
    "none": "client-public",
    "client_secret_basic": "client-confidential-symmetric",
    "client_secret_post": "client-confidential-symmetric",
    "private_key_jwt": "client-confidential-asymmetric",
}


def check(
    ehr: Ehr,
    base: str,
    document: Mapping[str, Any],
    configuration: SmartConfiguration,
    algorithm: str | None,
) -> list[Checked]:
    """PKCE, capabilities and client authentication in a discovery document.

    `configuration`: what a launch takes from the document. `algorithm`: that of the registration's
    private key, if it has one.
    """
    return [
        _pkce(ehr, base, document),
        _capabilities(ehr, base, document),
        *_method(ehr, base, document, configuration),
        *_algorithm(ehr, base, configuration, algorithm),
    ]


def _pkce(ehr: Ehr, base: str, document: Mapping[str, Any]) -> Checked:
    if "S256" in items(document.get("code_challenge_methods_supported")):
        return ok("pkce_not_advertised", f"{base} advertises PKCE with S256.", ehr.key)
    return warn(
        "pkce_not_advertised",
        f"{base} does not list S256 in code_challenge_methods_supported.",
        "S256 is sent all the same; ask the EHR's operator whether it is checked. Where it is not, "
        "a stolen code of a public client can be used by a thief.",
        ehr.key,
    )


def _capabilities(ehr: Ehr, base: str, document: Mapping[str, Any]) -> Checked:
    needed = ["launch-standalone" if ehr.standalone else "launch-ehr"]
    needed.append(_CLIENT_CAPABILITY[ehr.client_auth])
    absent = [one for one in needed if one not in items(document.get("capabilities"))]
    if not absent:
        return ok("capability_missing", f"{base} lists {' and '.join(needed)}.", ehr.key)
    return warn(
        "capability_missing",
        f"{base} does not list {' and '.join(absent)} in its capabilities.",
        "Ask the EHR's operator whether it does this all the same; else change `standalone` or "
        "`client_auth` to what it does.",
        ehr.key,
    )


def _method(
    ehr: Ehr, base: str, document: Mapping[str, Any], configuration: SmartConfiguration
) -> list[Checked]:
    """Nothing where the EHR lists no methods; public clients are a capability as well."""
    if configuration.auth_methods is None:
        return []
    public = ehr.client_auth == "none" and "client-public" in items(document.get("capabilities"))
    if public or ehr.client_auth in configuration.auth_methods:
        title = f"{base} takes client_auth {ehr.client_auth}."
        return [ok("client_auth_unsupported", title, ehr.key)]
    return [
        (warn if configuration.takes(ehr.client_auth) else fail)(
            "client_auth_unsupported",
            f"{base} does not list {ehr.client_auth} in token_endpoint_auth_methods_supported.",
            "Compare `client_auth` with the kind of client (public, confidential) that the app's "
            "registration at the EHR names.",
            ehr.key,
        )
    ]


def _algorithm(
    ehr: Ehr, base: str, configuration: SmartConfiguration, algorithm: str | None
) -> list[Checked]:
    """Nothing without a key, or where the EHR lists no algorithms."""
    listed = configuration.assertion_algorithms
    if algorithm is None or listed is None:
        return []
    if algorithm in listed:
        title = f"{base} takes assertions signed with {algorithm}."
        return [ok("client_auth_unsupported", title, ehr.key)]
    return [
        fail(
            "client_auth_unsupported",
            f"{base} does not list {algorithm}, with which `private_key` signs, in "
            "token_endpoint_auth_signing_alg_values_supported.",
            "Use a key of the other kind: RSA signs with RS384, P-384 with ES384.",
            ehr.key,
        )
    ]
