"""The SMART configuration and capabilities of an EHR, with scripted EHRs."""

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from tests.support.app.doctor import GOOD_SCOPES, Doctor, Outcome, ehr
from tests.support.ehr.id_tokens import ec_key, public_jwk
from tests.support.ehr.scripted_ehr import HANG_UP, Scripted, Tenant, as_json
from tests.support.tables import each

DOCUMENT = "/.well-known/smart-configuration"
IDENTITY = f"openid fhirUser {GOOD_SCOPES}"


def checked(doctor: Doctor, *ehrs: str) -> Outcome:
    doctor.write(*ehrs)
    return doctor.check()


def test_a_good_ehr_is_ok_in_all_that_was_looked_at(doctor: Doctor, tenant: Tenant) -> None:
    tenant.discovery["jwks_uri"] = f"{tenant.base}/jwks"
    tenant.on("/jwks", as_json({"keys": [public_jwk(ec_key(), kid="1")]}))
    tenant.on(
        DOCUMENT,
        lambda _: Scripted(200, {"Date": formatdate(usegmt=True)}, as_json(tenant.discovery).body),
    )
    outcome = checked(doctor, ehr(tenant.base, IDENTITY))
    assert outcome.code == 0
    assert outcome.with_level("warn") == {"public_client"}
    assert outcome.with_level("ok") >= {
        *("discovery_unreachable", "discovery_incomplete", "discovery_foreign_host"),
        *("pkce_not_advertised", "capability_missing", "scope_unsupported", "jwks_unreachable"),
        *("clock_skew", "redirect_shared", "client_auth_unsupported"),
    }


@each(
    ("answer", "said"),
    [
        (HANG_UP, "reason"),
        (Scripted(503), "status 503"),
        (Scripted(404), "status 404"),
        (Scripted(302, {"Location": "/elsewhere"}), "status 302"),
    ],
)
def test_an_ehr_without_discovery_fails(
    doctor: Doctor, tenants: Callable[[], Tenant], answer: Scripted, said: str
) -> None:
    tenant = tenants()
    tenant.on(DOCUMENT, answer)
    outcome = checked(doctor, ehr(tenant.base))
    assert (outcome.code, outcome.with_level("fail")) == (1, {"discovery_unreachable"})
    assert said in outcome.only("discovery_unreachable")["title"]
    assert outcome.only("discovery_unreachable")["ehr"] == "one"


def test_tenants_behind_a_wildcard_are_not_guessed_and_this_is_said(
    doctor: Doctor, tenant: Tenant
) -> None:
    group = tenant.base.rpartition("/")[0]
    outcome = checked(doctor, ehr(f"{group}/*"))
    assert (outcome.code, outcome.level("discovery_unreachable")) == (0, "warn")
    assert f"{group}/*" in outcome.only("discovery_unreachable")["title"]
    assert tenant.received == []


@each(
    "change",
    [{"token_endpoint": None}, {"authorization_endpoint": ""}, {"token_endpoint": 7}],
    ids=str,
)
def test_a_document_without_the_endpoints_of_a_launch_fails(
    doctor: Doctor, tenants: Callable[[], Tenant], change: dict[str, Any]
) -> None:
    tenant = tenants()
    tenant.discovery |= change
    outcome = checked(doctor, ehr(tenant.base))
    assert (outcome.code, outcome.with_level("fail")) == (1, {"discovery_incomplete"})
    assert next(iter(change)) in outcome.only("discovery_incomplete")["title"]


@each("body", [b"[]", b"<html>", b""])
def test_a_document_that_is_no_json_object_fails(
    doctor: Doctor, tenants: Callable[[], Tenant], body: bytes
) -> None:
    tenant = tenants()
    tenant.on(DOCUMENT, Scripted(200, {}, body))
    assert checked(doctor, ehr(tenant.base)).with_level("fail") == {"discovery_incomplete"}


@each("member", ["token_endpoint", "revocation_endpoint", "jwks_uri"])
def test_an_endpoint_on_a_foreign_host_fails_and_is_not_asked(
    doctor: Doctor, tenants: Callable[[], Tenant], member: str
) -> None:
    tenant = tenants()
    tenant.discovery[member] = f"http://thief.test/{member}"
    outcome = checked(doctor, ehr(tenant.base, IDENTITY))
    assert (outcome.code, outcome.with_level("fail")) == (1, {"discovery_foreign_host"})
    failed = [one for one in outcome.of("discovery_foreign_host") if one["level"] == "fail"]
    assert f"{member} is on thief.test, which isn't a configured host" in failed[0]["title"]
    assert 'endpoint_hosts = ["thief.test"]' in failed[0]["fix"]


@each("methods", [None, [], ["plain"], "S256x"])
def test_pkce_that_is_not_advertised_is_warned_of(
    doctor: Doctor, tenants: Callable[[], Tenant], methods: object
) -> None:
    tenant = tenants()
    tenant.discovery["code_challenge_methods_supported"] = methods
    outcome = checked(doctor, ehr(tenant.base))
    assert (outcome.code, outcome.level("pkce_not_advertised")) == (0, "warn")


@each(
    ("standalone", "capabilities", "missing"),
    [
        ("false", ["launch-ehr", "client-public"], ""),
        ("false", ["launch-standalone", "client-public"], "launch-ehr"),
        ("true", ["launch-ehr", "client-public"], "launch-standalone"),
        ("true", ["launch-standalone", "client-public"], ""),
        ("false", ["launch-ehr"], "client-public"),
        ("false", [], "launch-ehr and client-public"),
        ("false", None, "launch-ehr and client-public"),
        ("false", 7, "launch-ehr and client-public"),
    ],
)
def test_a_capability_that_the_launch_needs_is_missed(
    doctor: Doctor,
    tenants: Callable[[], Tenant],
    standalone: str,
    capabilities: object,
    missing: str,
) -> None:
    tenant = tenants()
    tenant.discovery["capabilities"] = capabilities
    outcome = checked(doctor, ehr(tenant.base, standalone=standalone))
    assert outcome.code == 0
    assert outcome.level("capability_missing") == ("warn" if missing else "ok")
    if missing:
        title = outcome.only("capability_missing")["title"]
        assert title == f"{tenant.base} doesn't list {missing} in its capabilities."


@each(
    ("asked", "supported", "missing"),
    [
        ("patient/Patient.read", ["patient/Patient.rs"], ""),
        ("patient/Patient.rs", ["patient/Patient.read"], ""),
        ("patient/Patient.rs", ["patient/Patient.cruds"], ""),
        ("patient/Patient.rs", ["patient/*.rs"], ""),
        ("patient/Patient.rs", ["patient/Patient.r"], "patient/Patient.rs"),
        ("patient/Patient.rs online_access", ["patient/Patient.rs"], "online_access"),
        ("patient/*.rs", ["patient/Patient.rs"], "patient/*.rs"),
    ],
)
def test_a_scope_that_the_ehr_does_not_list_is_warned_of(
    doctor: Doctor, tenants: Callable[[], Tenant], asked: str, supported: list[str], missing: str
) -> None:
    tenant = tenants()
    tenant.discovery["scopes_supported"] = supported
    outcome = checked(doctor, ehr(tenant.base, asked))
    assert outcome.code == 0
    assert outcome.level("scope_unsupported") == ("warn" if missing else "ok")
    if missing:
        assert f"doesn't list {missing} in" in outcome.only("scope_unsupported")["title"]


def test_an_ehr_that_lists_no_scopes_is_not_held_against_them(
    doctor: Doctor, tenant: Tenant
) -> None:
    del tenant.discovery["scopes_supported"]
    assert checked(doctor, ehr(tenant.base)).of("scope_unsupported") == []


@each(
    ("methods", "capabilities", "levels"),
    [
        (["none"], ["launch-ehr"], ["ok"]),
        (["client_secret_basic"], ["launch-ehr", "client-public"], ["ok"]),
        (["client_secret_basic"], ["launch-ehr"], ["warn"]),
        (None, [], []),
        ("none", [], []),
    ],
)
def test_a_public_client_that_the_ehr_does_not_list_is_warned_of(
    doctor: Doctor,
    tenants: Callable[[], Tenant],
    methods: object,
    capabilities: object,
    levels: list[str],
) -> None:
    tenant = tenants()
    tenant.discovery["token_endpoint_auth_methods_supported"] = methods
    tenant.discovery["capabilities"] = capabilities
    outcome = checked(doctor, ehr(tenant.base))
    assert outcome.code == 0
    assert [one["level"] for one in outcome.of("client_auth_unsupported")] == levels


@each(
    ("answer", "said"),
    [
        (HANG_UP, "there was no usable response"),
        (Scripted(500), "status 500"),
        (as_json({"keys": []}), "None of the EHR's keys can verify"),
        (as_json({"keys": [{"kty": "RSA"}]}), "None of the EHR's keys can verify"),
        (as_json([]), "the response isn't a JSON object"),
        (Scripted(200, {}, b"<html>"), "the response isn't a JSON object"),
    ],
)
def test_keys_that_cannot_be_had_fail_where_identity_is_asked(
    doctor: Doctor, tenants: Callable[[], Tenant], answer: Scripted, said: str
) -> None:
    tenant = tenants()
    tenant.discovery["jwks_uri"] = f"{tenant.base}/jwks"
    tenant.on("/jwks", answer)
    outcome = checked(doctor, ehr(tenant.base, IDENTITY))
    assert (outcome.code, outcome.with_level("fail")) == (1, {"jwks_unreachable"})
    assert said in outcome.only("jwks_unreachable")["title"]
    assert checked(doctor, ehr(tenant.base)).of("jwks_unreachable") == []


@each(
    ("scopes", "seconds", "age", "level"),
    [
        (GOOD_SCOPES, 0, "", "ok"),
        (GOOD_SCOPES, -100, "", "ok"),
        (GOOD_SCOPES, -130, "", "warn"),
        (GOOD_SCOPES, 130, "", "warn"),
        (IDENTITY, 130, "", "fail"),
        (GOOD_SCOPES, -500, "500", "ok"),
    ],
)
def test_clocks_that_differ_by_more_than_two_minutes_are_told(
    doctor: Doctor, tenants: Callable[[], Tenant], scopes: str, seconds: int, age: str, level: str
) -> None:
    tenant = tenants()

    def answer(_: object) -> Scripted:
        headers = {"Date": formatdate(time.time() + seconds, usegmt=True)}
        if age:
            headers["Age"] = age
        return Scripted(200, headers, as_json(tenant.discovery).body)

    tenant.on(DOCUMENT, answer)
    outcome = checked(doctor, ehr(tenant.base, scopes))
    assert outcome.level("clock_skew") == level
    assert outcome.code == (1 if level == "fail" else 0)


@each("date", ["yesterday", "Mon, 99 Nov 2026 25:61:00 GMT", ""])
def test_a_date_that_is_none_says_nothing_of_the_clock(
    doctor: Doctor, tenants: Callable[[], Tenant], date: str
) -> None:
    tenant = tenants()
    tenant.on(DOCUMENT, Scripted(200, {"Date": date}, as_json(tenant.discovery).body))
    outcome = checked(doctor, ehr(tenant.base))
    assert (outcome.code, outcome.of("clock_skew")) == (0, [])


def test_an_ehr_whose_responses_must_have_iss_is_expected_to_advertise_it(
    doctor: Doctor, tenant: Tenant
) -> None:
    assert checked(doctor, ehr(tenant.base, response_iss="true")).level("redirect_shared") == "ok"
    del tenant.discovery["authorization_response_iss_parameter_supported"]
    assert doctor.check().level("redirect_shared") == "warn"
    tenant.discovery["issuer"] = "https://ehr.test/fhir"
    outcome = doctor.check()
    assert (outcome.code, outcome.with_level("fail")) == (1, {"discovery_incomplete"})


def test_the_request_is_reckoned_with_what_was_found_and_may_be_long_as_a_form(
    doctor: Doctor, tenant: Tenant
) -> None:
    tenant.discovery["authorization_endpoint"] += "/" + "x" * 1900
    outcome = checked(doctor, ehr(tenant.base))
    assert outcome.level("scope_count") == "warn"
    tenant.discovery["capabilities"].append("authorize-post")
    assert doctor.check().level("scope_count") == "ok"


def test_every_fhir_base_of_a_registration_is_asked(doctor: Doctor, app: Any) -> None:
    one, two = app.scripted.tenant(), app.scripted.tenant()
    two.on(DOCUMENT, Scripted(500))
    outcome = checked(doctor, ehr(f'{one.base}", "{two.base}'))
    assert [finding["level"] for finding in outcome.of("discovery_unreachable")] == ["ok", "fail"]


def test_people_read_the_address_of_an_ehr_once_above_what_it_does(
    doctor: Doctor, tenant: Tenant
) -> None:
    doctor.write(ehr(tenant.base))
    told = doctor.run("check", "--config", str(doctor.file)).stdout
    passed = [line for line in told.splitlines() if line.startswith("  ok  ")]
    assert len([line for line in passed if tenant.base in line]) == 1
    assert "  ok    It lists the endpoints that a launch needs." in passed


def test_a_method_that_a_capability_covers_is_warned_of(doctor: Doctor, tenant: Tenant) -> None:
    tenant.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_basic"]
    tenant.discovery["capabilities"] = ["launch-ehr", "client-confidential-symmetric"]
    secret = doctor.folder / "secret"
    secret.write_text("a secret", encoding="utf-8")
    post = {"client_auth": '"client_secret_post"', "client_secret": f'"file:{secret}"'}
    outcome = checked(doctor, ehr(tenant.base, **post))
    assert (outcome.code, outcome.level("client_auth_unsupported")) == (0, "warn")
