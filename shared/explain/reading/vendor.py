"""Whose EHR a text comes from, guessed from its URN, then from hosts, then from product names."""

import re

# Hosts before names: a post about one EHR may mention another.
_SIGNS = (
    ("oracle", ("cerner.com", "sandboxcerner", "oraclehealth.com")),
    ("epic", ("epic.com", "urn:oid:1.2.840.114350", "interconnect-")),
    ("athenahealth", ("athenahealth.com", "platform.athena")),
    ("meditech", ("meditech.com", "greenfield.", "mtrestapis")),
    ("eclinicalworks", ("eclinicalworks.com", "ecwcloud.com", "healow.com")),
    ("smart-launcher", ("launch.smarthealthit.org", "launcher.smarthealthit", "/v/r4/sim/")),
    ("azure", ("azurehealthcareapis.com", "microsoftonline.com", "aadsts")),
    ("okta", ("okta.com", "oktapreview.com")),
    ("keycloak", ("/protocol/openid-connect/", "/realms/")),
    ("oracle", ("cerner", "oracle health", "powerchart", "mpages", "code console")),
    ("epic", ("hyperspace", "hyperdrive", "oauth2 error", "epic fhir", "epic sandbox", "mychart")),
    ("athenahealth", ("athenahealth", "athenaone")),
    ("meditech", ("meditech",)),
    ("eclinicalworks", ("eclinicalworks", "healow")),
    ("smart-launcher", ("smart launcher", "smart health it")),
    ("keycloak", ("keycloak",)),
    ("azure", ("azure", "entra id")),
    ("okta", ("okta",)),
)


def vendor_of(urn: str | None, text: str) -> str | None:
    """The vendor's name as in the catalogue, None where nothing tells."""
    if urn is not None:
        return "oracle"
    low = text.lower()
    named = next((vendor for vendor, signs in _SIGNS if any(sign in low for sign in signs)), None)
    return named or ("epic" if re.search(r"\bEpic\b", text) else None)
