"""The result of a check: an id, a level and the fix. docs/doctor.md lists the ids.

`fail` means that a launch can't work, `warn` that it's less safe or reliable, or that something
couldn't be checked, and `ok` that the check passed.
"""

from dataclasses import dataclass
from typing import Literal

from shared.findings import Finding

FindingId = Literal[
    "config_unreadable",
    "config_too_large",
    "setting_unknown",
    "setting_invalid",
    "secret_literal",
    "secret_unreadable",
    "sealing_key_invalid",
    "public_url_invalid",
    "public_url_unreachable",
    "public_url_frame_options",
    "hosts_not_shared",
    "iss_invalid",
    "iss_duplicate",
    "http_not_local",
    "launch_scope_configured",
    "scope_wildcard",
    "scope_syntax_mixed",
    "scope_unsupported",
    "scope_count",
    "chooser_public",
    "openid_without_fhiruser",
    "offline_access_discouraged",
    "standalone_without_iss",
    "redirect_shared",
    "client_auth_unsupported",
    "public_client",
    "basic_credentials_ambiguous",
    "discovery_unreachable",
    "discovery_incomplete",
    "discovery_foreign_host",
    "pkce_not_advertised",
    "capability_missing",
    "jwks_unreachable",
    "backend_refused",
    "clock_skew",
    "store_unreachable",
    "store_write_failed",
    "ttl_policy_missing",
    "index_exemption_missing",
    "cds_ehr_unknown",
    "cds_client_duplicate",
    "cds_cors_origin_invalid",
    "cds_client_idle",
    "cds_keys_unreadable",
    "cds_jku_unreachable",
]
Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Checked(Finding):
    """One finding of a check. `ehr` is the key of the registration that it's about, if any.

    A passed check has no steps.
    """

    id: FindingId
    level: Level = "fail"
    ehr: str | None = None


def ok(id_: FindingId, title: str, ehr: str | None = None) -> Checked:
    """Return a passed check, which shows the reader what was checked."""
    return Checked(id_, title, level="ok", ehr=ehr)


def warn(id_: FindingId, title: str, fix: str, ehr: str | None = None) -> Checked:
    """Return a finding that makes a launch less safe or reliable, or that couldn't be checked."""
    return Checked(id_, title, (fix,), level="warn", ehr=ehr)


def fail(id_: FindingId, title: str, fix: str, ehr: str | None = None) -> Checked:
    """Return a finding that makes a launch fail."""
    return Checked(id_, title, (fix,), level="fail", ehr=ehr)
