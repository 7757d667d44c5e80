"""Checks the client type and the redirect URI of a registration.

SMART App Launch 2.2, step 5; RFC 9700 4.4.2.2 (mix-up: an `iss` in the response, or one redirect
URI per authorization server).
"""

from collections.abc import Collection, Sequence

from doctor.finding import Checked, ok, warn
from shared import urls
from shared.config.settings import Ehr
from shared.smart.discovery import SmartConfiguration

_MOST_SHOWN = 5


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


def public_names(ehr: Ehr) -> list[Checked]:
    """Warn that anyone can search the names of the hospitals that use the app."""
    if not ehr.chooser:
        return []
    title = (
        f"Anyone can search the hospitals in {ehr.issuers}, so your list of customers is public."
    )
    fix = "If it mustn't be, remove `chooser`, and give each hospital its own link or launch."
    return [warn("chooser_public", title, fix, ehr.key)]


def redirects(
    ehr: Ehr, seen: Sequence[SmartConfiguration], of_file: Collection[str] = ()
) -> list[Checked]:
    """Check whether a response shows which EHR it comes from. `seen` has the documents of the bases
    in `iss`, and `of_file` the bases in the file of `issuers`.

    Entries that share a redirect path are reported when the file is read.
    """
    hosts = sorted({urls.authority(entry.removesuffix("/*")) for entry in (*ehr.iss, *of_file)})
    if ehr.response_iss:
        if not seen:
            return []
        title = "discovery doesn't list authorization_response_iss_parameter_supported."
        if not all(one.sends_iss for one in seen):
            return [warn("redirect_shared", f"`response_iss` is set, but {title}", _ASK, ehr.key)]
    elif len(hosts) > 1:
        title = "so a response from one could be accepted as another's."
        more = f" and {len(hosts) - _MOST_SHOWN:,} more" if len(hosts) > _MOST_SHOWN else ""
        named = ", ".join(hosts[:_MOST_SHOWN]) + more
        title = f"One redirect URI serves several hosts ({named}), {title}"
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
