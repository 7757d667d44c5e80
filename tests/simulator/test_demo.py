import stat
import tomllib
from pathlib import Path

import pytest

from simulator import __main__ as simulator_main
from simulator import demo
from simulator.ehr import VENDOR_PROFILES
from simulator.oauth.registrations import parse_registrations

PUBLIC_URL = "http://localhost:8080"
EHR = "http://127.0.0.1:8090"
KEY, STORE = Path("/var/key"), Path("/var/smart.db")


def test_the_app_is_configured_as_it_is_registered_at_three_ehrs() -> None:
    entries = tomllib.loads(demo.configuration(PUBLIC_URL, EHR, KEY, STORE))["ehr"]
    registered = {one.ehrs: one for one in parse_registrations(demo.registrations(PUBLIC_URL))}
    profiles = {one.addresses(EHR).fhir_base: one for one in VENDOR_PROFILES}
    assert [one["key"] for one in entries] == ["simulated", "oracle", "epic"]
    for entry in entries:
        profile = profiles[entry["iss"][0]]
        client = registered[(profile.key,)]
        assert (entry["vendor"], entry["client_id"]) == (profile.vendor, client.client_id)
        assert client.redirect_uris == (f"{PUBLIC_URL}{entry['redirect_path']}",)
        assert set(entry["scopes"].split(" ")) < set(client.scopes)


def test_each_ehr_may_call_the_cds_service_as_it_names_itself() -> None:
    clients = tomllib.loads(demo.configuration(PUBLIC_URL, EHR, KEY, STORE))["cds_client"]
    at = {one.key: (one.addresses(EHR), one.cds.tenant) for one in VENDOR_PROFILES}
    keys = {"simulated": "generic", "oracle": "oracle", "epic": "epic"}
    assert [one["ehr"] for one in clients] == list(keys)
    for client in clients:
        addresses, tenant = at[keys[client["ehr"]]]
        assert (client["iss"], client["jku"]) == (addresses.cds_issuer, addresses.cds_keys)
        assert client.get("tenant") == tenant
    for one in parse_registrations(demo.registrations(PUBLIC_URL)):
        assert one.cds_services == f"{PUBLIC_URL}/cds_services"


def test_every_registration_has_its_own_redirect_path() -> None:
    for entry in tomllib.loads(demo.configuration(PUBLIC_URL, EHR, KEY, STORE))["ehr"]:
        assert entry["redirect_path"] == f"/callback/{entry['key']}"


def test_the_scopes_for_oracle_hold_no_wildcard_and_no_launch_scope() -> None:
    entries = tomllib.loads(demo.configuration(PUBLIC_URL, EHR, KEY, STORE))["ehr"]
    for entry in entries:
        assert not any("*" in one or "launch" in one for one in entry["scopes"].split(" "))
        assert {"openid", "fhirUser", "online_access"} <= set(entry["scopes"].split(" "))


def test_a_page_of_ones_own_may_write_observations_and_the_calculators_may_not() -> None:
    for more in ((), demo.OWN_PAGE):
        text = demo.configuration(PUBLIC_URL, EHR, KEY, STORE, more_scopes=more)
        for entry in tomllib.loads(text)["ehr"]:
            writes = [one for one in entry["scopes"].split(" ") if one.endswith(".c")]
            assert writes == [one for one in more if one == "patient/Observation.c"]
            assert set(more) <= set(entry["scopes"].split(" "))


def test_only_the_user_can_read_what_a_run_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / ".local"
    monkeypatch.setenv("SMART_LOCAL", str(kept))
    kept.mkdir(mode=0o755)
    local = simulator_main._local()
    simulator_main._config("http://localhost:1", "http://127.0.0.1:2", local, None, with_cds=False)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    for name in (demo.SEALING_KEY, demo.BACKEND_KEY):
        assert stat.S_IMODE((kept / name).stat().st_mode) == 0o600
