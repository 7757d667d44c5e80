"""Client authentication: unusable credentials, and keys that no EHR could verify."""

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from shared.smart.signing_keys import read
from tests.support.app.doctor import Doctor, ehr
from tests.support.ehr.scripted_ehr import Scripted, Tenant, as_json
from tests.support.ehr.signing_keys import Kind, pem, traditional_pem
from tests.support.tables import each

SIGNED = {
    "client_auth": '"private_key_jwt"',
    "private_key": '"env:PRIVATE_KEY"',
    "key_id": '"key-1"',
}
SECRET = {"client_auth": '"client_secret_basic"', "client_secret": '"env:CLIENT_SECRET"'}


@pytest.fixture(autouse=True)
def stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_KEY", pem("p384"))
    monkeypatch.setenv("CLIENT_SECRET", "secret")


def jwk(kind: Kind, key_id: str) -> dict[str, str]:
    return dict(read(pem(kind), key_id).public_jwk())


def publish(doctor: Doctor, *keys: dict[str, str]) -> str:
    """The setting that names a file of these keys."""
    (doctor.folder / "jwks.json").write_text(json.dumps({"keys": keys}))
    return f'public_jwks = "file:{doctor.folder}/jwks.json"'


@each(
    ("name", "value", "settings", "what"),
    [
        ("PRIVATE_KEY", "sentinel", SIGNED, "private_key: env:PRIVATE_KEY contains no PEM text"),
        (
            "PRIVATE_KEY",
            traditional_pem("rsa"),
            SIGNED,
            "private_key: env:PRIVATE_KEY contains a key",
        ),
        ("PRIVATE_KEY", pem("p256"), SIGNED, "private_key: env:PRIVATE_KEY contains an EC key on"),
        ("CLIENT_SECRET", "a\nb", SECRET, "client_secret: env:CLIENT_SECRET contains a control"),
    ],
)
def test_a_credential_that_cannot_be_used_fails(
    offline: Doctor,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    settings: dict[str, str],
    what: str,
) -> None:
    monkeypatch.setenv(name, value)
    outcome = offline.offline(ehr(**settings), ehr("https://two.test", key='"two"'))
    assert (outcome.code, outcome.with_level("fail")) == (1, {"setting_invalid"})
    (finding,) = [one for one in outcome.of("setting_invalid") if one["level"] == "fail"]
    assert finding["ehr"] == "one"
    assert finding["title"].startswith(f"ehr one: {what}")
    assert value not in json.dumps(outcome.findings)


@each(
    ("secret", "settings", "level"),
    [
        ("AZaz09._-", {}, "ok"),
        ("a+b", {}, "warn"),
        ("a+b", {"vendor": '"epic"'}, "warn"),
        ("a+b", {"basic_credentials": '"raw"'}, "ok"),
        ("plain", {"client_id": '"urn:app"'}, "warn"),
    ],
)
def test_basic_credentials_that_form_encoding_changes_are_warned_of_unless_the_form_is_set(
    offline: Doctor,
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    settings: dict[str, str],
    level: str,
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", secret)
    outcome = offline.offline(ehr(**SECRET, **settings))
    (finding,) = outcome.of("basic_credentials_ambiguous")
    assert (outcome.code, finding["level"], finding["ehr"]) == (0, level, "one")


@each(
    ("keys", "level"),
    [
        ([("p384", "key-1")], "ok"),
        ([("rsa", "old"), ("p384", "key-1")], "ok"),
        ([("p384", "key-2")], "warn"),
        ([("rsa", "key-1")], "warn"),
        ([], "warn"),
    ],
)
def test_a_key_whose_public_half_is_not_published_under_its_key_id_is_warned_of(
    offline: Doctor, keys: list[tuple[Kind, str]], level: str
) -> None:
    top = publish(offline, *(jwk(kind, key_id) for kind, key_id in keys))
    outcome = offline.offline(ehr(**SIGNED), top=top)
    assert outcome.code == 0
    levels = [one["level"] for one in outcome.of("setting_invalid") if one["ehr"] == "one"]
    assert levels == [level]


def test_where_nothing_is_published_keys_are_given_to_the_ehr_in_another_way(
    offline: Doctor,
) -> None:
    outcome = offline.offline(ehr(**SIGNED))
    assert (outcome.code, outcome.with_level("warn")) == (0, set())


def test_a_file_that_launch_would_not_serve_fails(offline: Doctor) -> None:
    top = publish(offline, {"kty": "EC", "kid": "k", "d": "sentinel"})
    outcome = offline.offline(ehr(**SIGNED), top=top)
    (finding,) = [one for one in outcome.of("setting_invalid") if one["level"] == "fail"]
    assert (outcome.code, finding["ehr"]) == (1, None)
    assert "it contains the private field(s) d" in finding["title"]
    assert "sentinel" not in json.dumps(outcome.findings)


@each(
    ("settings", "methods", "level"),
    [
        (SECRET, ["client_secret_basic", "private_key_jwt"], "ok"),
        (SECRET, ["private_key_jwt"], "fail"),
        (SIGNED, ["client_secret_basic"], "fail"),
        (SIGNED, ["private_key_jwt"], "ok"),
    ],
)
def test_a_method_that_the_ehr_does_not_list_is_one_for_which_no_launch_is_begun(
    doctor: Doctor,
    tenants: Callable[[], Tenant],
    settings: dict[str, str],
    methods: list[str],
    level: str,
) -> None:
    tenant = tenants()
    tenant.discovery["token_endpoint_auth_methods_supported"] = methods
    doctor.write(ehr(tenant.base, **settings))
    outcome = doctor.check()
    assert outcome.level("client_auth_unsupported") == level
    assert outcome.code == (1 if level == "fail" else 0)


@each(
    ("kind", "algorithms", "levels"),
    [
        ("p384", ["RS384", "ES384"], ["ok"]),
        ("rsa", ["RS384"], ["ok"]),
        ("p384", ["RS384"], ["fail"]),
        ("rsa", ["ES384"], ["fail"]),
        ("rsa", None, []),
        ("rsa", "ES384", []),
    ],
)
def test_an_algorithm_that_the_ehr_does_not_list_fails(
    doctor: Doctor,
    tenants: Callable[[], Tenant],
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
    algorithms: object,
    levels: list[str],
) -> None:
    tenant = tenants()
    monkeypatch.setenv("PRIVATE_KEY", pem(kind))
    tenant.discovery["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
    tenant.discovery["token_endpoint_auth_signing_alg_values_supported"] = algorithms
    doctor.write(ehr(tenant.base, **SIGNED))
    outcome = doctor.check()
    method, *algorithm = outcome.of("client_auth_unsupported")
    assert method["level"] == "ok"
    assert [one["level"] for one in algorithm] == levels
    assert outcome.code == (1 if "fail" in levels else 0)


def test_a_signed_assertion_needs_the_clock(doctor: Doctor, tenant: Tenant) -> None:
    def answer(_: Any) -> Scripted:
        date = formatdate(time.time() + 130, usegmt=True)
        return Scripted(200, {"Date": date}, as_json(tenant.discovery).body)

    tenant.on("/.well-known/smart-configuration", answer)
    del tenant.discovery["token_endpoint_auth_methods_supported"]
    doctor.write(ehr(tenant.base, **SIGNED))
    assert doctor.check().level("clock_skew") == "fail"
