"""Checks the client type and the redirect URI of a registration.

SMART App Launch 2.2, step 5; RFC 9700 4.4.2.2 (mix-up: an `iss` in the response, or one redirect
URI per authorization server).
"""

from collections.abc import Sequence

from doctor.finding import Checked, ok, warn
from shared import urls
from shared.config.settings import Ehr
from shared.smart.discovery import SmartConfiguration


def check(ehr: Ehr) -> Checked:
    """Check whether the client authenticates, in addition to PKCE and the redirect URI."""
    if ehr.client_auth != "none":
        return ok("public_client", "The client authenticates in addition to using PKCE.", ehr.key)
    return warn(
        "public_client",
        "This is a public client: only PKCE and the redirect URI distinguish it from an impostor.",
        "Register the exact redirect URI, not a pattern. If the EHR accepts "
        "confidential clients, register one (docs/configuration.md, Client authentication).",
        ehr.key,
    )


def redirects(ehr: Ehr, seen: Sequence[SmartConfiguration]) -> list[Checked]:
    """Check whether a response shows which EHR it comes from. `seen` has its bases' documents.

    Entries that share a redirect path are reported when the file is read.
    """
    hosts = sorted({urls.authority(entry.removesuffix("/*")) for entry in ehr.iss})
    if ehr.response_iss:
        if not seen:
            return []
        title = "discovery doesn't list authorization_response_iss_parameter_supported."
        if not all(one.sends_iss for one in seen):
            return [warn("redirect_shared", f"`response_iss` is set, but {title}", _ASK, ehr.key)]
    elif len(hosts) > 1:
        title = "so a response from one could be accepted as another's."
        title = f"One redirect URI serves several hosts ({', '.join(hosts)}), {title}"
        return [warn("redirect_shared", title, _SPLIT, ehr.key)]
    return [ok("redirect_shared", "The EHR's responses can't be mistaken for another's.", ehr.key)]


_ASK = (
    "Ask the EHR's operator whether it sends `iss` with every response (RFC 9207). If it doesn't, "
    "every launch fails: remove `response_iss` and give the entry its own `redirect_path`."
)
_SPLIT = (
    "Give each host its own [[ehr]] entry and `redirect_path`. If all of them send `iss` with "
    "their responses (RFC 9207), you can set response_iss = true instead."
)
