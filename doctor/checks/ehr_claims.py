"""Compares the features that an EHR advertises with those that the registration needs.

SMART App Launch 2.2, "Conformance" (capabilities, PKCE) and RFC 8414 2 (client authentication).
Documents are known to omit features that work (Oracle Health doesn't list `none`, but accepts
public clients). So these findings are only warnings, unless the functions refuse the launch.
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
    """Check PKCE, capabilities and client authentication in a discovery document.

    `configuration` has the parts of the document that a launch uses. `algorithm` is the algorithm
    of the registration's private key, if it has one.
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
        f"{base} doesn't list S256 in code_challenge_methods_supported.",
        "The app sends S256 anyway. Ask the EHR's operator whether the EHR checks PKCE. If it "
        "doesn't, anyone who steals a public client's code can use it.",
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
        f"{base} doesn't list {' and '.join(absent)} in its capabilities.",
        "Ask the EHR's operator whether the EHR supports this anyway. If it doesn't, change "
        "`standalone` or `client_auth` to a supported value.",
        ehr.key,
    )


def _method(
    ehr: Ehr, base: str, document: Mapping[str, Any], configuration: SmartConfiguration
) -> list[Checked]:
    """Check `client_auth`, unless the EHR lists no methods. Public clients may be listed as a
    capability.
    """
    if configuration.auth_methods is None:
        return []
    public = ehr.client_auth == "none" and "client-public" in items(document.get("capabilities"))
    if public or ehr.client_auth in configuration.auth_methods:
        title = f"{base} accepts client_auth {ehr.client_auth}."
        return [ok("client_auth_unsupported", title, ehr.key)]
    return [
        (warn if configuration.takes(ehr.client_auth) else fail)(
            "client_auth_unsupported",
            f"{base} doesn't list {ehr.client_auth} in token_endpoint_auth_methods_supported.",
            "Compare `client_auth` with the client type (public or confidential) in the app's "
            "registration at the EHR.",
            ehr.key,
        )
    ]


def _algorithm(
    ehr: Ehr, base: str, configuration: SmartConfiguration, algorithm: str | None
) -> list[Checked]:
    """Check the key's algorithm, unless there is no key or the EHR lists no algorithms."""
    listed = configuration.assertion_algorithms
    if algorithm is None or listed is None:
        return []
    if algorithm in listed:
        title = f"{base} accepts assertions signed with {algorithm}."
        return [ok("client_auth_unsupported", title, ehr.key)]
    return [
        fail(
            "client_auth_unsupported",
            f"{base} doesn't list {algorithm}, the algorithm of `private_key`, in "
            "token_endpoint_auth_signing_alg_values_supported.",
            "Use a key of the other type: RSA signs with RS384, P-384 with ES384.",
            ehr.key,
        )
    ]
