"""Runs all preflight checks, from the file to the store.

If a setting is invalid, it still checks the others.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat

from doctor.checks import (
    backend,
    cds_clients,
    configuration,
    ehr,
    obvious,
    public_address,
    registration,
    scope_advice,
    secret_references,
    store,
)
from doctor.checks.configuration import Sound
from doctor.checks.ehr import Look
from doctor.finding import Checked
from shared.smart import client_auth
from shared.urls import is_local

_EHRS_AT_ONCE = 8
_REST = "everything else, because no part of the file is usable"
# The settings of a registration that a check needs.
_OF_DISCOVERY = ("iss", "ca_file", "endpoint_hosts")
_OF_THE_CLIENT = ("client_auth", "client_secret", "private_key", "key_id")
_OF_THE_SERVICE = ("system_scopes", "backend_client_id", "backend_private_key", "backend_key_id")
_OFFLINE = ("the public URL", "the EHRs' responses", "the store")


@dataclass(frozen=True, slots=True)
class Preflight:
    """All findings, and the parts that weren't checked."""

    findings: list[Checked]
    left: tuple[str, ...] = ()


def check(path: str, *, offline: bool) -> Preflight:
    """Check a configuration. With `offline`, don't contact any EHR, the public URL or the store,
    and skip the checks that need them.
    """
    sound, findings = configuration.read(path)
    if sound is None:
        return Preflight(findings, (_REST,))
    findings += _of_sound(sound, offline=offline)
    unseen = (cds_clients.UNSEEN,) if sound.settings.cds_clients else ()
    listed = (
        f"the {len(bases):,} FHIR bases in {file}, which `smart-calc doctor endpoints {file} "
        "--connect 20` samples"
        for file, bases in sound.settings.issuers.items()
    )
    left = dict.fromkeys((*sound.left, *(_OFFLINE if offline else ()), *listed, *unseen))
    return Preflight(findings, tuple(left))


def _of_sound(sound: Sound, *, offline: bool) -> list[Checked]:
    settings, findings = sound.settings, list[Checked]()
    proven = tuple(one for one in settings.ehrs if sound.may_use(one, *_OF_THE_CLIENT))
    address_findings = [] if offline or not sound.public_url else public_address.call(settings)
    elsewhere = not is_local(settings.public_url) and public_address.responds(address_findings)
    clients, problems = client_auth.resolve(replace(settings, ehrs=proven))
    findings += secret_references.check(
        replace(settings, ehrs=proven),
        clients,
        problems,
        run_elsewhere=elsewhere,
        sealing_keys=sound.sealing_keys,
    )
    findings += _of_services(sound, run_elsewhere=elsewhere, offline=offline)
    if sound.public_url:
        findings += public_address.forms(settings)
    findings += address_findings
    looks: dict[str, Look] = {}
    if not offline:
        reachable = [one for one in settings.ehrs if sound.may_use(one, *_OF_DISCOVERY)]
        with ThreadPoolExecutor(_EHRS_AT_ONCE) as pool:
            results = pool.map(ehr.look, reachable, map(clients.algorithm, reachable))
        looks = {one.key: look for one, look in zip(reachable, results, strict=True)}
    for one in settings.ehrs:
        look = looks.get(one.key, Look([], []))
        seen = look.seen[0] if look.seen else None
        findings += obvious.check(one)
        findings += registration.public_names(one)
        if sound.may_use(one, *_OF_THE_CLIENT):
            findings.append(registration.check(one))
        if settings.any_base(one) and sound.may_use(one, "scopes"):
            findings += scope_advice.check(settings, one, seen)
        findings += look.findings
        distinct = not any(one.can_be_confused_with(other) for other in settings.ehrs)
        if distinct and sound.may_use(one, "redirect_path"):
            of_file = settings.issuers.get(one.issuers or "", frozenset())
            findings += registration.redirects(one, look.seen, of_file)
    findings += cds_clients.check(settings, offline=offline)
    if not offline and sound.store:
        findings += store.check(settings)
    return findings


def _of_services(sound: Sound, *, run_elsewhere: bool, offline: bool) -> list[Checked]:
    """Check the backend services of jobs: their keys and, unless offline, the EHRs' responses."""
    used = (*_OF_DISCOVERY, *_OF_THE_CLIENT, *_OF_THE_SERVICE)
    usable = [one for one in sound.settings.ehrs if sound.may_use(one, *used)]
    services = tuple(service for one in usable if (service := one.backend) is not None)
    settings = replace(sound.settings, ehrs=services)
    clients, problems = client_auth.resolve(settings)
    # The launches check the other keys.
    own = replace(settings, ehrs=tuple(one for one in services if one.backend_private_key))
    of_keys = secret_references.check(
        own, clients, problems, run_elsewhere=run_elsewhere, sealing_keys=False
    )
    findings = [one for one in of_keys if one.ehr is not None]
    if not offline:
        signing = [one for one in services if clients.algorithm(one) is not None]
        with ThreadPoolExecutor(_EHRS_AT_ONCE) as pool:
            for asked in pool.map(backend.check, signing, repeat(clients)):
                findings += asked
    return findings
