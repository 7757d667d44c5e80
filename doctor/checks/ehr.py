"""Checks discovery at the FHIR bases of a registration, in the same way as a launch, and everything
that depends on the discovery document.

SMART App Launch 2.2, "Conformance"; shared/smart/discovery.py fetches and reads the document. If an
endpoint is on a host that isn't configured for the EHR, that's reported, and the host isn't
contacted.
"""

import json
import time
from dataclasses import dataclass

from doctor.checks import ehr_claims, ehr_clock, ehr_keys, scope_advice
from doctor.finding import Checked, fail, ok, warn
from shared import urls
from shared.config.settings import Ehr
from shared.errors import DiscoveryFailed, DiscoveryInvalid
from shared.smart import discovery
from shared.smart.discovery import SmartConfiguration


@dataclass(frozen=True, slots=True)
class Look:
    """The findings at one registration's FHIR bases; `seen` has their usable documents."""

    findings: list[Checked]
    seen: list[SmartConfiguration]


def look(ehr: Ehr, algorithm: str | None) -> Look:
    """Check each FHIR base of a registration, except `/*`, whose tenants are unknown.

    `algorithm` is the algorithm of the registration's private key, if it has one.
    """
    result = Look([], [])
    for entry in ehr.iss:
        if entry.endswith("/*"):
            result.findings.append(_any_tenant(ehr, entry))
        else:
            _look_at(ehr, entry, algorithm, result)
    return result


def _any_tenant(ehr: Ehr, entry: str) -> Checked:
    return warn(
        "discovery_unreachable",
        f"{entry} matches any tenant, so discovery wasn't checked.",
        "To check a tenant, add its FHIR base to `iss` next to this entry.",
        ehr.key,
    )


def _look_at(ehr: Ehr, base: str, algorithm: str | None, result: Look) -> None:
    sent_at = time.time()
    try:
        answer = discovery.fetch(ehr, base)
    except (DiscoveryFailed, DiscoveryInvalid) as error:
        evidence = ", ".join(f"{name} {value}" for name, value in error.evidence.items())
        title = f"{error.why} ({evidence})"
        fix = "Correct `iss`: this machine must reach {FHIR base}/.well-known/smart-configuration."
        private = " For a private certificate authority, set `ca_file`."
        result.findings.append(fail("discovery_unreachable", title, fix + private, ehr.key))
        return
    result.findings.append(ok("discovery_unreachable", f"{base} responds.", ehr.key))
    result.findings.extend(ehr_clock.check(ehr, base, answer, (sent_at + time.time()) / 2))
    hosts = discovery.allowed_hosts(ehr, base)
    try:
        configuration = discovery.parse(answer.body, base, hosts, identity="openid" in ehr.scopes)
    except DiscoveryInvalid as error:
        result.findings.append(_unusable(ehr, base, answer.body, error))
        return
    try:
        discovery.require_issuer(ehr, base, configuration)
    except DiscoveryInvalid as error:
        title = f"{base}: {error.why}"
        result.findings.append(fail("discovery_incomplete", title, error.steps[0], ehr.key))
        return
    result.seen.append(configuration)
    document = json.loads(answer.body)
    findings = (
        ok("discovery_incomplete", f"{base} lists the endpoints that a launch needs.", ehr.key),
        ok("discovery_foreign_host", f"{base} lists endpoints only on configured hosts.", ehr.key),
        *ehr_claims.check(ehr, base, document, configuration, algorithm),
        scope_advice.compare(ehr, base, configuration.scopes_supported),
        ehr_keys.check(ehr, base, configuration),
    )
    result.findings.extend(finding for finding in findings if finding is not None)


def _unusable(ehr: Ehr, base: str, body: bytes, error: DiscoveryInvalid) -> Checked:
    member = error.evidence.get("member")
    host = _foreign_host(ehr, base, json.loads(body).get(member)) if member else None
    if host is not None:
        return _foreign(ehr, base, f"{member} is", host)
    fix = "Ask the EHR's operator. A launch needs both authorization_endpoint and token_endpoint."
    return fail("discovery_incomplete", f"{base}: {error.why}", fix, ehr.key)


def _foreign(ehr: Ehr, base: str, what: str, host: str) -> Checked:
    return fail(
        "discovery_foreign_host",
        f"{base}: {what} on {host}, which isn't a configured host.",
        "If the EHR's operator confirms that the host belongs to the EHR, add it: "
        f'endpoint_hosts = ["{host}"].',
        ehr.key,
    )


def _foreign_host(ehr: Ehr, base: str, url: object) -> str | None:
    """Return the host of a URL in a document if it isn't one of the EHR's hosts."""
    try:
        host = urls.authority(urls.resolve(base, str(url)))
    except ValueError:
        return None
    return None if host in discovery.allowed_hosts(ehr, base) else host
