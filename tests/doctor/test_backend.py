"""Backend services: whether an EHR gives a job its token."""

import json
from pathlib import Path

import pytest

from tests.support.app.app import App
from tests.support.app.doctor import Doctor
from tests.support.app.jobs import Authority, failing
from tests.support.ehr.signing_keys import pem


@pytest.fixture
def ehr(app: App) -> Authority:
    return Authority(app.scripted)


def test_a_service_that_gets_its_token_passes_and_the_token_is_not_used(
    doctor: Doctor, ehr: Authority, tmp_path: Path
) -> None:
    doctor.write(ehr.table("one", tmp_path))
    outcome = doctor.check()
    assert outcome.level("backend_refused") == "ok"
    told = [one["title"] for one in outcome.of("secret_unreadable")]
    assert "backend_private_key can be read here and has a valid form." in told
    assert ehr.tokens == []
    ehr.scope = "system/Patient.rs"
    short = doctor.check().only("backend_refused")
    assert short["level"] == "warn"
    assert "system/Observation.cruds" in short["title"]
    assert not doctor.check("--offline").of("backend_refused")


def test_a_refused_token_is_explained_with_the_settings_to_change(
    doctor: Doctor, ehr: Authority, tmp_path: Path
) -> None:
    doctor.write(ehr.table("one", tmp_path))
    for answer, why, fix in (
        (failing(401, "invalid_client", "unknown kid"), "doesn't have the key", "`kid`"),
        (failing(400, "unauthorized_client"), "client_credentials", "backend"),
        (failing(400, "invalid_scope"), "isn't registered for a scope", "`system_scopes`"),
        (
            failing(401, "invalid_client", "Failed to fetch jwks_uri: timed out"),
            "key",
            "JWKS URL is public",
        ),
    ):
        ehr.tenant.on("/auth/token", answer)
        outcome = doctor.check()
        told = outcome.only("backend_refused")
        assert (outcome.code, told["level"], told["ehr"]) == (1, "fail", "one")
        assert why in told["title"]
        assert fix in told["fix"], told
    del ehr.tenant.discovery["token_endpoint"]
    assert not doctor.check().of("backend_refused")


def test_a_key_that_cannot_be_used_is_named_and_no_token_is_requested(
    doctor: Doctor, ehr: Authority, tmp_path: Path
) -> None:
    table = ehr.table("one", tmp_path)
    (tmp_path / "p384.pem").write_text("no key")
    doctor.write(table)
    outcome = doctor.check()
    assert "backend_private_key: file:" in " ".join(
        one["title"] for one in outcome.of("setting_invalid")
    )
    assert not outcome.of("backend_refused")
    (tmp_path / "p384.pem").write_text(pem("p384"))
    published = tmp_path / "jwks.json"
    published.write_text(doctor.run("jwks", "--config", str(doctor.file)).stdout)
    assert [one["kid"] for one in json.loads(published.read_text())["keys"]] == ["key-one"]
    doctor.write(table, top=f'public_jwks = "file:{published}"')
    titles = [one["title"] for one in doctor.check().of("setting_invalid")]
    assert "public_jwks contains the public key of backend_private_key under its key_id." in titles
