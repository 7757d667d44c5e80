"""How a registration proves itself and where it is answered: kind of client, redirect URI.

SMART App Launch 2.2, step 5; RFC 9700 4.4.2.2 (mix-up: an `iss` in the answer, or a redirect URI
for each authorization server).
"""

from collections.abc import Collection

from doctor.finding import Checked, ok, warn
from shared.config.settings import Ehr, Settings


def check(ehr: Ehr) -> Checked:
    """Whether anything but PKCE and the redirect URI tells the app from an impostor."""
    if ehr.client_auth != "none":
        return ok("public_client", "The client proves itself by more than PKCE.", ehr.key)
    return warn(
        "public_client",
        "It is a public client: PKCE and the redirect URI are all that tells it from an impostor.",
        "Keep the registered redirect URI exact, without a pattern. Register a confidential client "
        "where the EHR takes one: docs/configuration.md, Client authentication.",
        ehr.key,
    )


def redirects(settings: Settings, send_iss: Collection[str]) -> list[Checked]:
    """Whether one EHR's answer could pass for another's. `send_iss`: keys of EHRs known to do."""
    shared = [
        ehr
        for ehr in settings.ehrs
        if sum(other.redirect_path == ehr.redirect_path for other in settings.ehrs) > 1
    ]
    return [
        _shared(ehr)
        if ehr in shared and ehr.key not in send_iss
        else ok("redirect_shared", "Its answers are told from those of other EHRs.", ehr.key)
        for ehr in settings.ehrs
    ]


def _shared(ehr: Ehr) -> Checked:
    return warn(
        "redirect_shared",
        f"It shares {ehr.redirect_path} with another EHR and is not known to send `iss` with its "
        "answers (authorization_response_iss_parameter_supported).",
        f'Set redirect_path = "/callback/{ehr.key}" and register that redirect URI at the EHR: '
        "then one EHR's answer cannot pass for another's.",
        ehr.key,
    )
