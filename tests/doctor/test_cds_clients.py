"""The callers of the CDS service: invalid settings, unavailable keys, and a base URL."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from doctor.checks import store
from functions.cds_services import caller
from tests.doctor.test_public_address import OURS
from tests.support.app.doctor import Doctor, Outcome, Public, ehr
from tests.support.ehr.scripted_ehr import Scripted, Tenant, as_json
from tests.support.tables import each

SERVICE = "/cds_services/cds-services/calculators-patient-view"
KEY = ec.generate_private_key(ec.SECP384R1())
PUBLIC: dict[str, Any] = {**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "one"}
PRIVATE: dict[str, Any] = {**ECAlgorithm.to_jwk(KEY, as_dict=True), "kid": "one"}


def client(**settings: str) -> str:
    """A [[cds_client]] table; values as TOML writes them, "" leaves a line out."""
    lines = {
        "key": '"caller"',
        "ehr": '"one"',
        "iss": '"https://ehr.test/cds"',
        "jku": '"https://ehr.test/jwks"',
        **settings,
    }
    told = "\n".join(f"{name} = {value}" for name, value in lines.items() if value)
    return f"[[cds_client]]\n{told}\n"


def key_file(folder: Path, *keys: dict[str, Any]) -> str:
    (folder / "keys.json").write_text(json.dumps({"keys": keys}), encoding="utf-8")
    return f'"file:{folder}/keys.json"'


def test_a_sound_client_is_said_to_be(offline: Doctor) -> None:
    outcome = offline.offline(ehr(), client())
    assert outcome.code == 0
    for id_ in ("cds_ehr_unknown", "cds_client_duplicate", "cds_cors_origin_invalid"):
        assert outcome.level(id_) == "ok"
    assert outcome.only("cds_client_idle")["ehr"] == "one"
    assert outcome.of("cds_jku_unreachable") == []


def test_without_a_client_nothing_is_said_of_them(offline: Doctor) -> None:
    outcome = offline.offline(ehr())
    assert [one["id"] for one in outcome.findings if one["id"].startswith("cds_")] == []


def test_a_fault_of_a_client_leaves_the_rest_to_be_looked_at(offline: Doctor) -> None:
    outcome = offline.offline(ehr(), client(ehr='"other"'))
    assert "public_client" in {one["id"] for one in outcome.findings}


def test_a_file_of_keys_is_read(offline: Doctor) -> None:
    keys = key_file(offline.folder, PUBLIC)
    assert offline.offline(ehr(), client(jku="", keys=keys)).level("cds_keys_unreadable") == "ok"


@each("keys", [[PRIVATE], [], [{"kty": "EC", "kid": "one"}]])
def test_a_file_of_keys_that_cannot_be_used_fails(
    offline: Doctor, keys: list[dict[str, Any]]
) -> None:
    written = key_file(offline.folder, *keys)
    finding = offline.offline(ehr(), client(jku="", keys=written)).only("cds_keys_unreadable")
    assert (finding["level"], finding["ehr"]) == ("fail", "one")
    assert str(PRIVATE["d"]) not in json.dumps(finding)


def asked(doctor: Doctor, tenant: Tenant, public_url: str | None = None) -> Outcome:
    doctor.write(ehr(tenant.base), client(jku=f'"{tenant.base}/cds-keys"'), public_url=public_url)
    return doctor.check()


def test_keys_that_are_served_are_counted(doctor: Doctor, tenant: Tenant) -> None:
    tenant.on("/cds-keys", as_json({"keys": [PUBLIC]}))
    finding = asked(doctor, tenant).only("cds_jku_unreachable")
    assert finding["level"] == "ok"
    assert finding["title"].endswith("has 1 usable key(s).")


@each(
    ("answer", "said"),
    [
        (Scripted(500), "status 500"),
        (as_json({"keys": []}), "no key there can verify"),
        (Scripted(200, {}, b"<html>"), "not a JSON object"),
    ],
)
def test_keys_that_cannot_be_had_fail(
    doctor: Doctor, tenants: Callable[[], Tenant], answer: Scripted, said: str
) -> None:
    tenant = tenants()
    tenant.on("/cds-keys", answer)
    finding = asked(doctor, tenant).only("cds_jku_unreachable")
    assert (finding["level"], finding["ehr"]) == ("fail", "one")
    assert said in finding["title"]


def test_an_ehr_without_a_base_of_its_own_is_a_warning(offline: Doctor) -> None:
    outcome = offline.offline(ehr("https://ehr.test/r4/*"), client())
    assert outcome.level("cds_client_idle") == "warn"


def test_a_service_that_is_not_under_the_address_is_missed(
    doctor: Doctor, tenant: Tenant, public: Public
) -> None:
    tenant.on("/cds-keys", as_json({"keys": [PUBLIC]}))
    missed = asked(doctor, tenant, public(OURS)).only("hosts_not_shared")
    assert SERVICE in missed["title"]
    refused = json.dumps({"code": "method_not_allowed"}).encode()
    there = {**OURS, SERVICE: Scripted(405, {"X-Correlation-Id": "0" * 16}, refused)}
    assert asked(doctor, tenant, public(there)).level("hosts_not_shared") == "ok"


def test_what_nobody_can_look_at_is_said(offline: Doctor) -> None:
    offline.write(ehr(), client())
    said = offline.run("check", "--config", str(offline.file), "--offline").stdout
    assert "the EHRs' settings for the CDS service" in " ".join(said.split())


def test_the_records_of_calls_are_those_of_the_function() -> None:
    assert store.CDS_CALLS == caller.COLLECTION
