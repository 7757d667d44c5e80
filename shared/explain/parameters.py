"""The parameters of an authorization request, and others that are mistaken for them.

SMART App Launch 2.2, "Obtain authorization code"; RFC 6749 4.1.1; OpenID Connect Core 3.1.2.1.
"""

from shared import legacy_launch

SMART = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "aud"),
    *("code_challenge", "code_challenge_method", "launch"),
)
_OTHERS = (
    "nonce prompt display max_age ui_locales claims_locales id_token_hint login_hint acr_values "
    "response_mode request request_uri registration claims resource audience"
)
_FOREIGN = (
    "intent patient encounter need_patient_banner smart_style_url fhirContext tenant persona "
    "fhirUser launch_id launchId patient_id serviceUri iss code client_secret grant_type "
    "code_verifier"
)
# Other parameters that a server may support, from OpenID Connect, RFC 8707, RFC 9101 and JARM.
OTHERS = frozenset(_OTHERS.split())
# These belong to the token response or to a legacy launch.
FOREIGN = frozenset(_FOREIGN.split()).union(legacy_launch.NAMES)


def is_recognised(name: str) -> bool:
    """Return whether an authorization endpoint uses the parameter."""
    return name in SMART or name in OTHERS
