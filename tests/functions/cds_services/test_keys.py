"""Where the keys of callers come from, and how often (CDS Hooks 2.0, "Trusting CDS Clients")."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app.servers import Server, free_port, serve_app
from tests.support.ehr.cds import OTHER, P384, CdsEhr, client_table, log_lines, registration
from tests.support.ehr.id_tokens import public_jwk
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr


@pytest.fixture
def fresh(tmp_path: Path, scripted: ScriptedEhr) -> Iterator[tuple[Server, CdsEhr]]:
    """A service that has read no keys yet, and tells developers what is wrong."""
    port = free_port()
    tenant = scripted.tenant("cds")
    ehr = CdsEhr.at(f"http://localhost:{port}", tenant, tenant.base)
    tables = registration("one", tenant.base) + client_table("one", "one", ehr)
    with serve_app(tmp_path, tables, port=port, top='error_details = "full"') as server:
        yield server, ehr


def test_keys_are_read_once_and_anew_for_a_kid_that_is_not_among_them(
    fresh: tuple[Server, CdsEhr],
) -> None:
    server, ehr = fresh
    unknown = ehr.post(ehr.body(), token=ehr.token(header=ehr.header(kid="unknown")))
    assert (unknown.status, ehr.key_reads) == (401, 1)
    for _ in range(3):
        assert ehr.call().status == 200
    assert ehr.key_reads == 1
    ehr.publish(public_jwk(OTHER, kid="rotated"))
    rotated = ehr.header(kid="rotated")
    assert ehr.post(ehr.body(), token=ehr.token(header=rotated, key=OTHER)).status == 200
    assert ehr.key_reads == 2
    # The old key is gone with it, and a stranger's kid does not make it read again at once.
    assert ehr.call().status == 401
    assert ehr.post(ehr.body(), token=ehr.token(header=ehr.header(kid="x"))).status == 401
    assert ehr.key_reads == 2
    # The response tells a developer which check failed.
    answer = ehr.post(ehr.body(), token=ehr.token(header=rotated, key=P384))
    assert "The check that failed: signature." in answer.text
    assert log_lines(server, "cds_refused")[-1]["reason"] == "signature"


def test_keys_that_cannot_be_read_are_another_failure_than_a_bad_token(
    fresh: tuple[Server, CdsEhr],
) -> None:
    server, ehr = fresh
    ehr.tenant.on("/cds/jwks.json", Scripted(500))
    for _ in range(2):
        answer = ehr.call()
        assert (answer.status, answer.code) == (503, "cds_keys_unavailable")
        assert answer.header("Retry-After") == "5"
        assert answer.header("WWW-Authenticate") is None
    assert ehr.key_reads == 1
    line = log_lines(server, "cds_refused")[-1]
    assert (line["code"], line["client"], line["answer"]) == (
        *("cds_keys_unavailable", "one", "status 500"),
    )
    # `reason` describes a token, and the token hasn't been checked here.
    assert "reason" not in line
    # What is wrong without any key stays what it is.
    assert ehr.post(ehr.body(), token=ehr.token(aud="x")).status == 401
