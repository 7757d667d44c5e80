"""Checks a registration for scopes that EHRs are known to drop, refuse or mishandle.

SMART App Launch 2.2, "Scopes for requesting FHIR resources" (v1 and v2 syntax), "Scopes for
requesting identity data". Oracle Health drops wildcard scopes entirely and limits the size of
tokens, which contain the scopes (its authorization documentation and FAQ, as of 2024).
"""

import json
from dataclasses import replace
from typing import Any

from doctor.finding import Checked, fail, ok, warn
from shared import scopes
from shared.config.settings import Ehr, Settings
from shared.smart import discovery, launches
from shared.smart.discovery import SmartConfiguration

# This project's own limit. No EHR publishes one.
MOST_SCOPES = 40
_V1 = ("read", "write", "*")
# The length of a UUID; an EHR's `launch` may be longer.
_UUID_LENGTH = 36


def check(settings: Settings, ehr: Ehr, configuration: SmartConfiguration | None) -> list[Checked]:
    """Check the scopes on their own; `configuration` is the EHR's SMART configuration, if known."""
    return [
        wildcard(ehr),
        syntax(ehr),
        _count(settings, ehr, configuration),
        _identity(ehr),
        _offline_access(ehr),
    ]


def compare(ehr: Ehr, base: str, supported: tuple[str, ...]) -> Checked | None:
    """Compare the scopes with the EHR's list of supported scopes; return None if it lists none.

    v1 and v2 spellings of one permission count as the same.
    """
    if not supported:
        return None
    absent = scopes.missing(ehr.scopes, supported)
    if not scopes.names_resources(supported):
        absent = tuple(scope for scope in absent if scopes.parse(scope) is None)
        if not absent:
            title = f"{base} lists no resource scopes, but lists all other requested scopes."
            return ok("scope_unsupported", title, ehr.key)
    if not absent:
        return ok("scope_unsupported", f"{base} lists every requested scope.", ehr.key)
    return warn(
        "scope_unsupported",
        f"{base} doesn't list {' '.join(absent)} in scopes_supported.",
        "EHRs drop such scopes silently, or refuse the launch. Correct `scopes`, or make sure the "
        "scope is selected in the app's registration. Some EHRs don't list every scope they grant.",
        ehr.key,
    )


def wildcard(ehr: Ehr) -> Checked:
    """Check for scopes for every resource type."""
    wildcards = [scope for scope in ehr.scopes if "/*." in scope]
    if not wildcards:
        return ok("scope_wildcard", "No scope has a wildcard for the resource type.", ehr.key)
    dropped = ehr.profile.scopes.wildcards_dropped is not None
    level = fail if dropped else warn
    who = f"{ehr.profile.title} drops wildcards entirely" if dropped else "some EHRs drop wildcards"
    return level(
        "scope_wildcard",
        f"{' '.join(wildcards)} in `scopes`: {who}, and FHIR requests are then refused.",
        "Write one scope for each resource type, such as patient/Observation.rs.",
        ehr.key,
    )


def syntax(ehr: Ehr) -> Checked:
    """Check whether the scopes mix SMART v1 and v2."""
    suffixes = {
        scope: scope.partition("?")[0].rpartition(".")[2]
        for scope in ehr.scopes
        if scopes.parse(scope)
    }
    v1 = [scope for scope, suffix in suffixes.items() if suffix in _V1]
    v2 = [scope for scope, suffix in suffixes.items() if suffix not in _V1]
    if not (v1 and v2):
        return ok("scope_syntax_mixed", "All scopes use the same syntax version.", ehr.key)
    return warn(
        "scope_syntax_mixed",
        f"`scopes` mixes SMART v1 ({v1[0]}) and v2 ({v2[0]}).",
        "Use only the version that the app is registered for: v1 has .read and .write, and v2 "
        'has .rs and other letters of "cruds". EHRs drop scopes of the other version.',
        ehr.key,
    )


def _count(settings: Settings, ehr: Ehr, configuration: SmartConfiguration | None) -> Checked:
    size = len(_authorization_url(settings, ehr, configuration).encode())
    count = len(ehr.scopes)
    posts = configuration is not None and configuration.takes_post
    posts = posts and (ehr.profile.standalone_by_post or not ehr.standalone)
    if count <= MOST_SCOPES and (posts or size <= launches.LONGEST_URL):
        title = f"The authorization request has {count} scope(s) and about {size} bytes."
        return ok("scope_count", title, ehr.key)
    return warn(
        "scope_count",
        f"{count} scopes make an authorization request of about {size} bytes. EHRs and proxies in "
        f"front of them may refuse more than {MOST_SCOPES} scopes, or a URL over "
        f"{launches.LONGEST_URL} bytes.",
        "Request fewer scopes. The access token contains the scopes too, and has its own size "
        "limit.",
        ehr.key,
    )


def _identity(ehr: Ehr) -> Checked:
    if "openid" not in ehr.scopes or {"fhirUser", "profile"} & set(ehr.scopes):
        title = "The scopes request fhirUser with openid, or no identity at all."
        return ok("openid_without_fhiruser", title, ehr.key)
    return warn(
        "openid_without_fhiruser",
        "`scopes` has openid without fhirUser, so the session won't have the user's FHIR resource.",
        "Add fhirUser (or profile, at EHRs with SMART v1), or remove openid.",
        ehr.key,
    )


def _offline_access(ehr: Ehr) -> Checked:
    if "offline_access" not in ehr.scopes:
        return ok("offline_access_discouraged", "offline_access isn't requested.", ehr.key)
    return warn(
        "offline_access_discouraged",
        "`scopes` has offline_access. Only the user's browser has the key to a session, so an "
        "abandoned session's refresh token can't be revoked and stays valid at the EHR.",
        "Request online_access, which ends with the user's own session at the EHR.",
        ehr.key,
    )


def _authorization_url(
    settings: Settings, ehr: Ehr, configuration: SmartConfiguration | None
) -> str:
    """Return the URL that launch creates; the FHIR base replaces an unknown endpoint."""
    base = (settings.any_base(ehr) or "").replace("/*", "/" + "0" * _UUID_LENGTH)
    if configuration is None:
        document = {"authorization_endpoint": base, "token_endpoint": base}
        hosts = discovery.allowed_hosts(ehr, base)
        configuration = discovery.parse(json.dumps(document).encode(), base, hosts)
    started = launches.begin(
        _Nowhere(),
        settings,
        ehr,
        replace(configuration, takes_post=False),
        iss=base,
        fhir_base=base,
        launch="0" * _UUID_LENGTH,
        now=0.0,
    )
    return started.authorization_url


class _Nowhere:
    """A store that doesn't keep anything, because the launch is never completed."""

    def create(self, *_: Any, **__: Any) -> Any:
        """Do nothing. The other operations do the same."""

    read = replace = delete = create
