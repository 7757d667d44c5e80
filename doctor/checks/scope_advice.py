"""The scopes of a registration: what EHRs are known to drop, refuse or stumble over.

SMART App Launch 2.2, "Scopes for requesting FHIR resources" (v1 and v2 syntax), "Scopes for
requesting identity data". Oracle Health drops wildcard scopes whole and limits the size of tokens,
which hold the scopes (its authorization documentation and FAQ, as of 2024).
"""

import json
from dataclasses import replace
from typing import Any

from doctor.finding import Checked, fail, ok, warn
from shared import scopes
from shared.config.settings import Ehr, Settings
from shared.smart import discovery, launches
from shared.smart.discovery import SmartConfiguration

# Our own figure: no EHR publishes one.
MOST_SCOPES = 40
_V1 = ("read", "write", "*")
# The length of a UUID; an EHR's `launch` may be longer.
_UUID_LENGTH = 36


def check(settings: Settings, ehr: Ehr, configuration: SmartConfiguration | None) -> list[Checked]:
    """What the scopes by themselves show; `configuration` is the EHR's own, if known."""
    return [
        wildcard(ehr),
        syntax(ehr),
        _count(settings, ehr, configuration),
        _identity(ehr),
        _offline_access(ehr),
    ]


def compare(ehr: Ehr, base: str, supported: tuple[str, ...]) -> Checked | None:
    """The scopes held against those an EHR says it supports; None where it lists none.

    v1 and v2 spellings of one permission count as the same.
    """
    if not supported:
        return None
    absent = scopes.missing(ehr.scopes, supported)
    if not scopes.names_resources(supported):
        absent = tuple(scope for scope in absent if scopes.parse(scope) is None)
        if not absent:
            title = f"{base} lists no scopes of resources; the others are in its list."
            return ok("scope_unsupported", title, ehr.key)
    if not absent:
        return ok("scope_unsupported", f"{base} lists every scope that is asked for.", ehr.key)
    return warn(
        "scope_unsupported",
        f"{base} does not list {' '.join(absent)} in scopes_supported.",
        "EHRs drop such scopes in silence, or refuse the launch. Correct `scopes`, or see that the "
        "scope is ticked in the app's registration; some EHRs do not list all that they grant.",
        ehr.key,
    )


def wildcard(ehr: Ehr) -> Checked:
    """Whether a scope is for every resource type."""
    wildcards = [scope for scope in ehr.scopes if "/*." in scope]
    if not wildcards:
        return ok("scope_wildcard", "No scope has a wildcard for the resource type.", ehr.key)
    dropped = ehr.profile.scopes.wildcards_dropped is not None
    level = fail if dropped else warn
    what = f"{ehr.profile.title} drops them whole" if dropped else "Some EHRs drop them"
    return level(
        "scope_wildcard",
        f"{' '.join(wildcards)} in `scopes`: {what}, and FHIR requests are then refused.",
        "Write one scope for each resource type, such as patient/Observation.rs.",
        ehr.key,
    )


def syntax(ehr: Ehr) -> Checked:
    """Whether SMART v1 and v2 are mixed."""
    suffixes = {
        scope: scope.partition("?")[0].rpartition(".")[2]
        for scope in ehr.scopes
        if scopes.parse(scope)
    }
    v1 = [scope for scope, suffix in suffixes.items() if suffix in _V1]
    v2 = [scope for scope, suffix in suffixes.items() if suffix not in _V1]
    if not (v1 and v2):
        return ok("scope_syntax_mixed", "All scopes are of one syntax version.", ehr.key)
    return warn(
        "scope_syntax_mixed",
        f"`scopes` mixes SMART v1 ({v1[0]}) and v2 ({v2[0]}).",
        "Write all in the version for which the app is registered: .read and .write in v1, .rs and "
        "other letters of cruds in v2. EHRs drop those of the other.",
        ehr.key,
    )


def _count(settings: Settings, ehr: Ehr, configuration: SmartConfiguration | None) -> Checked:
    size = len(_authorization_url(settings, ehr, configuration).encode())
    count = len(ehr.scopes)
    posts = configuration is not None and configuration.takes_post
    posts = posts and (ehr.profile.standalone_by_post or not ehr.standalone)
    if count <= MOST_SCOPES and (posts or size <= launches.LONGEST_URL):
        title = f"{count} scope(s), in an authorization request of about {size} bytes."
        return ok("scope_count", title, ehr.key)
    return warn(
        "scope_count",
        f"{count} scopes make an authorization request of about {size} bytes; over {MOST_SCOPES} "
        f"scopes, or as a URL over {launches.LONGEST_URL} bytes, EHRs and what stands before them "
        "may refuse it.",
        "Ask for fewer scopes. The access token holds them too and has its own limit.",
        ehr.key,
    )


def _identity(ehr: Ehr) -> Checked:
    if "openid" not in ehr.scopes or {"fhirUser", "profile"} & set(ehr.scopes):
        title = "Identity is asked for with fhirUser or not at all."
        return ok("openid_without_fhiruser", title, ehr.key)
    return warn(
        "openid_without_fhiruser",
        "`scopes` asks openid without fhirUser: the session will not say who the user is in FHIR.",
        "Add fhirUser (profile at EHRs of SMART v1), or remove openid.",
        ehr.key,
    )


def _offline_access(ehr: Ehr) -> Checked:
    if "offline_access" not in ehr.scopes:
        return ok("offline_access_discouraged", "offline_access is not asked for.", ehr.key)
    return warn(
        "offline_access_discouraged",
        "`scopes` asks offline_access. The key to a session lies in its browser, so the refresh "
        "token of an abandoned session cannot be revoked and lives on at the EHR.",
        "Ask online_access, which ends with the user's own session at the EHR.",
        ehr.key,
    )


def _authorization_url(
    settings: Settings, ehr: Ehr, configuration: SmartConfiguration | None
) -> str:
    """The URL as the launch function makes it; the FHIR base stands in for an unknown endpoint."""
    base = ehr.iss[0].replace("/*", "/" + "0" * _UUID_LENGTH)
    if configuration is None:
        document = {"authorization_endpoint": base, "token_endpoint": base}
        hosts = discovery.allowed_hosts(ehr, base)
        configuration = discovery.parse(json.dumps(document).encode(), base, hosts)
    begun = launches.begin(
        _Nowhere(),
        settings,
        ehr,
        replace(configuration, takes_post=False),
        iss=base,
        fhir_base=base,
        launch="0" * _UUID_LENGTH,
        now=0.0,
    )
    return begun.authorization_url


class _Nowhere:
    """A store that keeps nothing: the launch is not going to be completed."""

    def create(self, *_: Any, **__: Any) -> Any:
        """Return nothing, as the other operations do."""

    read = replace = delete = create
