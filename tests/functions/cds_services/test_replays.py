"""A token is accepted once, from any caller and across all instances (CDS Hooks 2.0, `jti`)."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.support.app.servers import free_port, serve_app
from tests.support.app.stores import KINDS
from tests.support.ehr.cds import CdsEhr, client_table, log_lines, registration
from tests.support.ehr.scripted_ehr import ScriptedEhr

PARALLEL = 20


@pytest.mark.parametrize("kind", KINDS)
def test_twenty_parallel_replays_at_two_instances_give_one_answer(
    kind: str, tmp_path: Path, scripted: ScriptedEhr, request: pytest.FixtureRequest
) -> None:
    firestore = request.getfixturevalue("stand_in").host if kind == "firestore" else None
    tenant = scripted.tenant("cds")
    port, other = free_port(), free_port()
    ehr = CdsEhr.at(f"http://localhost:{port}", tenant, tenant.base)
    served = partial(
        serve_app,
        tmp_path,
        registration("one", tenant.base) + client_table("one", "one", ehr),
        port=port,
        store=tmp_path / "shared.db",
        kind=kind,
        firestore=firestore,
        target="tests.support.app.unhurried_cds:application",
    )
    with served(bind=port) as one, served(bind=other) as two:
        origins = [one.origin, two.origin] * (PARALLEL // 2)
        for _ in range(3):
            token = ehr.token()
            with ThreadPoolExecutor(PARALLEL) as pool:
                call = partial(_call, ehr, token)
                statuses = list(pool.map(call, origins))
            assert sorted(statuses) == [200] + [401] * (PARALLEL - 1)
        refused = [line for server in (one, two) for line in log_lines(server, "cds_refused")]
        assert {line["reason"] for line in refused} == {"replayed"}
    # A new process knows it too.
    with served(bind=port) as again:
        assert _call(ehr, token, again.origin) == 401
        assert log_lines(again, "cds_refused")[-1]["reason"] == "replayed"


def _call(ehr: CdsEhr, token: str, origin: str) -> int:
    return ehr.post(ehr.body(), token=token, at=origin).status


def test_without_the_store_no_card_leaves(tmp_path: Path, scripted: ScriptedEhr) -> None:
    port, nobody = free_port(), free_port()
    tenant = scripted.tenant("cds")
    ehr = CdsEhr.at(f"http://localhost:{port}", tenant, tenant.base)
    tables = registration("one", tenant.base) + client_table("one", "one", ehr)
    store = f"127.0.0.1:{nobody}"
    with serve_app(tmp_path, tables, port=port, firestore=store):
        answer = ehr.call()
        assert (answer.status, answer.code) == (503, "store_unavailable")
        assert "cards" not in answer.text
