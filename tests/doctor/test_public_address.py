"""The public URL: functions that are missing, elsewhere, or behind a proxy that alters requests."""

import json
from collections.abc import Callable, Mapping

import pytest

from doctor import check
from tests.support.app.doctor import Doctor, Outcome, Public, ehr
from tests.support.app.servers import free_port
from tests.support.ehr.scripted_ehr import Scripted, Tenant
from tests.support.tables import each


def refusal(code: str, status: int = 400, more: Mapping[str, str] | None = None) -> Scripted:
    """As our functions refuse."""
    body = json.dumps({"code": code}).encode()
    return Scripted(status, {"X-Correlation-Id": "0" * 16, **(more or {})}, body)


OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"details": {"coding": [{"code": "session_missing"}]}}],
}
HANDLE = "doctor-preflight-probe"
OURS: Mapping[str, Scripted] = {
    "/launch": refusal("iss_missing"),
    "/callback": refusal("state_missing"),
    f"/fhir_proxy/{HANDLE}/session": Scripted(
        401, {"X-Correlation-Id": "0" * 16}, json.dumps(OUTCOME).encode()
    ),
    f"/smart_calc/{HANDLE}/": refusal("session_missing", 401),
}


def checked(doctor: Doctor, tenant: Tenant, public_url: str, top: str = "") -> Outcome:
    doctor.write(ehr(tenant.base), public_url=public_url, top=top)
    return doctor.check()


def test_an_address_that_answers_as_ours_is_well(
    doctor: Doctor, tenant: Tenant, public: Public
) -> None:
    outcome = checked(doctor, tenant, public(OURS))
    assert outcome.code == 0
    for id_ in ("public_url_unreachable", "public_url_frame_options", "hosts_not_shared"):
        assert outcome.level(id_) == "ok"


def test_nobody_at_the_address_fails_once(doctor: Doctor, tenant: Tenant) -> None:
    outcome = checked(doctor, tenant, f"http://localhost:{free_port()}")
    assert (outcome.code, outcome.with_level("fail")) == (1, {"public_url_unreachable"})
    assert outcome.of("hosts_not_shared") == []


def test_a_platform_that_lets_nobody_call_is_named(
    doctor: Doctor, tenant: Tenant, public: Public
) -> None:
    forbidden = public({path: Scripted(403, {}, b"<html>Forbidden") for path in OURS})
    finding = checked(doctor, tenant, forbidden).only("public_url_unreachable")
    assert "returned 403 with a body that isn't this app's JSON" in finding["title"]
    assert "Public invocation" in finding["fix"]


def test_a_launch_of_another_origin_or_without_settings_fails(
    doctor: Doctor, tenant: Tenant, public: Public
) -> None:
    bare = Scripted(400, {}, json.dumps({"code": "iss_missing"}).encode())
    for answer, said in (
        (bare, "returned 400 with iss_missing"),
        (refusal("misconfigured", 500), "returned 500 with misconfigured"),
        (Scripted(200, {}, b"[]"), "returned 200 with a body that isn't"),
        (refusal("\x1b[2J"), "returned 400 with a body that isn't"),
    ):
        outcome = checked(doctor, tenant, public({**OURS, "/launch": answer}))
        assert outcome.code == 1
        assert said in outcome.only("public_url_unreachable")["title"]
        assert "/launch" in outcome.only("hosts_not_shared")["title"]


def test_x_frame_options_on_the_way_fails(doctor: Doctor, tenant: Tenant, public: Public) -> None:
    framed = refusal("iss_missing", more={"X-Frame-Options": "SAMEORIGIN"})
    outcome = checked(doctor, tenant, public({**OURS, "/launch": framed}))
    assert (outcome.code, outcome.with_level("fail")) == (1, {"public_url_frame_options"})


@pytest.mark.calculators
def test_functions_that_are_not_under_the_address_are_listed(
    doctor: Doctor, tenant: Tenant, public: Public
) -> None:
    outcome = checked(doctor, tenant, public({"/launch": OURS["/launch"]}))
    assert (outcome.code, outcome.with_level("fail")) == (1, {"hosts_not_shared"})
    assert outcome.only("hosts_not_shared")["title"] == (
        "These paths don't reach the app's functions: /callback, "
        f"/fhir_proxy/{HANDLE}/session, /smart_calc/{HANDLE}/."
    )


@pytest.mark.calculators
def test_the_page_after_the_launch_may_be_somebody_elses(
    doctor: Doctor, tenant: Tenant, public: Public
) -> None:
    without = {path: answer for path, answer in OURS.items() if "smart_calc" not in path}
    own = 'after_launch = "/app/?session={session}"'
    assert checked(doctor, tenant, public(without), own).level("hosts_not_shared") == "ok"
    assert checked(doctor, tenant, public(without)).level("hosts_not_shared") == "fail"


def test_a_redirect_path_of_its_own_must_be_led_to_callback_too(
    doctor: Doctor, tenant: Tenant, public: Public
) -> None:
    doctor.write(ehr(tenant.base, redirect_path='"/callback/one"'), public_url=public(OURS))
    outcome = doctor.check()
    assert outcome.only("hosts_not_shared")["title"] == (
        "These paths don't reach the app's functions: /callback/one."
    )


@each(
    ("local", "missing", "level"),
    [(True, None, "fail"), (False, None, "warn"), (False, "/callback", "fail")],
    ids=["functions here", "functions elsewhere", "functions elsewhere, one away"],
)
def test_a_secret_that_is_only_where_the_functions_run_is_no_failure(
    doctor: Doctor,
    tenants: Callable[[], Tenant],
    public: Public,
    monkeypatch: pytest.MonkeyPatch,
    local: bool,
    missing: str | None,
    level: str,
) -> None:
    tenant = tenants()
    """Functions that answer have resolved theirs. No test can run them on another machine."""
    address = public({path: answer for path, answer in OURS.items() if path != missing})
    doctor.write(ehr(tenant.base), public_url=address, keys='["file:/keys/absent"]')
    monkeypatch.setattr(check, "is_local", lambda _: local)
    assert doctor.check().level("secret_unreadable") == level
