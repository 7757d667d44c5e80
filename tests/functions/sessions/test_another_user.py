"""A refresh that brings another user's tokens: no request uses them, whatever happens meanwhile."""

import contextlib
import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from shared.store.sqlite import SqliteStore
from tests.support.app.app import App, Launched
from tests.support.app.clusters import NO_EHR, launched
from tests.support.app.servers import serve_app
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.ehr.identity import CLIENT_ID, KEYS, REVOKE, Signer, sign_in
from tests.support.ehr.scripted_ehr import (
    Handler,
    Received,
    Scripted,
    ScriptedEhr,
    as_fhir,
    as_json,
)

FHIR = "/Patient/p1"
MINE, OTHERS = "access-of-user-1", "access-of-user-2"


class OtherUsers:
    """An EHR that refreshes a session of user-1 with tokens of user-2, signed with a new key."""

    def __init__(self, tenant_of: Signer) -> None:
        self.signer, self.tenant = tenant_of, tenant_of.tenant
        self.tenant.token |= {"access_token": MINE, "refresh_token": "refresh-1"}
        self.tenant.on("/auth/token", self._token)
        self.tenant.on(FHIR, self._read)
        self.keys: Handler = self.tenant.handlers[KEYS]

    @property
    def used(self) -> set[str]:
        """The access tokens of the FHIR requests."""
        return {request.headers["Authorization"] for request in self.tenant.hits(FHIR)}

    @property
    def revoked(self) -> list[str]:
        return [request.form["token"] for request in self.tenant.hits(REVOKE)]

    def _token(self, request: Received) -> Scripted:
        if request.form["grant_type"] == "authorization_code":
            return as_json(self.tenant.token)
        self.signer.kid = "k2"
        others = {"access_token": OTHERS, "refresh_token": "refresh-2"}
        identity = {"id_token": self.signer.id_token("", sub="user-2")}
        return as_json({**self.tenant.token, **others, **identity})

    def _read(self, request: Received) -> Scripted:
        if request.headers["Authorization"] != f"Bearer {OTHERS}":
            return as_fhir({"resourceType": "OperationOutcome", "issue": []}, 401)
        return as_fhir(self.tenant.resources["Patient/p1"])


@pytest.fixture(scope="module")
def crash_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("another-user") / "crash"


@pytest.fixture(scope="module")
def app(crash_file: Path, scripted: ScriptedEhr) -> Iterator[App]:
    ehr = f"""
[[ehr]]
key = "identity"
iss = ["{scripted.origin}/i/*"]
client_id = "{CLIENT_ID}"
scopes = "openid fhirUser patient/*.rs"
"""
    store = crash_file.parent / "smart.db"
    SqliteStore(str(store)).read("launches", "0" * 64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRASH_FILE", str(crash_file))
        patch.setenv("LEASE_SECONDS", "0.7")
        patch.setenv("RETRY_SECONDS", "0.3")
        target = "tests.support.app.crashing:application"
        with serve_app(crash_file.parent, ehr, store=store, target=target) as server:
            yield App(server.origin, server, NO_EHR, scripted)


@pytest.fixture
def ehr(app: App) -> OtherUsers:
    return OtherUsers(Signer(app.scripted.tenant("i")))


@pytest.fixture
def one(app: App, ehr: OtherUsers) -> Launched:
    browser = Browser()
    return launched(app, browser, sign_in(app, ehr.signer, browser))


def _read(one: Launched) -> Answer:
    return one.browser.fetch(f"{one.fhir_base}{FHIR}")


def _crashes(crash_file: Path, one: Launched) -> None:
    crash_file.write_text("before is_signed", encoding="utf-8")
    until = time.monotonic() + 30
    while crash_file.exists() and time.monotonic() < until:
        # Until the pause after a failed attempt is over, it responds with 503.
        with contextlib.suppress(http.client.RemoteDisconnected, ConnectionResetError):
            assert _read(one).status == 503
        time.sleep(0.05)
    assert not crash_file.exists()


def _in_the_end(one: Launched) -> Answer:
    until = time.monotonic() + 30
    answer = _read(one)
    while answer.status == 503 and time.monotonic() < until:
        time.sleep(0.1)
        answer = _read(one)
    return answer


def test_while_the_ehrs_keys_are_read_no_request_uses_the_new_tokens(
    ehr: OtherUsers, one: Launched
) -> None:
    with ThreadPoolExecutor(4) as pool:

        def slow(request: Received) -> Scripted:
            """Respond when the others have been answered, or clearly wait."""
            wait([pool.submit(_read, one) for _ in range(3)], timeout=1)
            return ehr.keys(request)

        ehr.tenant.on(KEYS, slow)
        assert _read(one).code == "session_expired"
    assert ehr.used == {f"Bearer {MINE}"}
    assert ehr.revoked == ["refresh-2"]
    assert _read(one).code == "session_expired"


def test_unreadable_keys_and_a_killed_process_leave_tokens_that_no_request_uses(
    ehr: OtherUsers, one: Launched, app: App, crash_file: Path
) -> None:
    ehr.tenant.on(KEYS, Scripted(503))
    answer = _read(one)
    assert (answer.status, answer.code) == (503, "refresh_failed")
    assert answer.header("Retry-After")
    failures = [line for line in app.log_lines() if line["event"] == "token_refresh_failed"]
    assert failures[-1]["code"] == "id_token_invalid"
    _crashes(crash_file, one)
    ehr.tenant.on(KEYS, ehr.keys)
    assert _in_the_end(one).code == "session_expired"
    assert ehr.used == {f"Bearer {MINE}"}
    assert ehr.revoked == ["refresh-2"]


def test_a_logout_revokes_the_tokens_that_no_request_may_use_too(
    ehr: OtherUsers, one: Launched, crash_file: Path
) -> None:
    _crashes(crash_file, one)
    assert one.browser.send("DELETE", f"{one.fhir_base}/session", OWN_FETCH).status == 204
    assert ehr.revoked == ["refresh-1", "refresh-2"]
    assert ehr.used == {f"Bearer {MINE}"}
