"""That the benchmark counts what it says it counts. Nothing here measures time."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from benchmarks import proxying
from benchmarks.support import others, resources, wire
from benchmarks.support.ehr import Call, Ehr, at_once, in_series
from benchmarks.support.rounds import rounds
from shared.outbound import http_client
from tests.support.certificates import authority
from tests.support.raw_server import always, plain, raw_server
from tests.support.servers import ROOT
from tests.support.tables import each

BASE = "https://ehr.example/r4"


@each(
    ("times", "series", "together"),
    [
        ([], 0, 0),
        ([(0, 1), (0.1, 1.1), (0.2, 1.2)], 1, 3),
        ([(0, 1), (1, 2), (2, 3)], 3, 1),
        ([(0, 1), (1.1, 2.1), (1.2, 2.2), (3, 4)], 3, 2),
        ([(0, 10), (1, 2), (3, 4)], 2, 2),
    ],
)
def test_calls_in_series_are_those_that_waited_for_one_another(
    times: list[tuple[float, float]], series: int, together: int
) -> None:
    calls = [Call("/x", began, ended) for began, ended in times]
    assert in_series(calls) == series
    assert at_once(calls) == together


def test_the_ehr_serves_what_is_read_in_the_sizes_that_are_named() -> None:
    with closing(Ehr()) as ehr:
        for size in proxying.SIZES:
            body = requests.get(f"{ehr.base}/{size.path}", timeout=60).content
            assert len(body) >= size.least_bytes
            assert json.loads(body)["resourceType"] in {"Observation", "Bundle"}
        assert [call.path for call in ehr.calls] == ["/r4/Observation/o1"] + ["/r4/Observation"] * 2
        ehr.forget()
        assert (ehr.calls, ehr.connections) == ([], 0)


def test_the_ehr_serves_by_tls_too(tmp_path: Path) -> None:
    with closing(Ehr(tls=authority(tmp_path).server("localhost"))) as ehr:
        assert ehr.base.startswith("https://localhost:")
        ca_file = str(tmp_path / "ca.pem")
        for _ in range(2):
            answer = http_client.send(
                "GET",
                f"{ehr.base}/Patient/p1",
                seconds=60,
                max_bytes=100_000,
                headers={},
                ca_file=ca_file,
            )
            assert json.loads(answer.body)["id"] == "p1"
        assert len(ehr.calls) == 2


def test_programs_of_others_are_measured_only_where_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("OAUTH2_PROXY", "FHIR_GATEWAY"):
        monkeypatch.delenv(name, raising=False)
    with others.running(tmp_path, BASE) as servers:
        assert servers == {}


@pytest.fixture
def _all_cores() -> Iterator[None]:
    """The benchmark leaves a core to its servers."""
    cores = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.usefixtures("_all_cores")
def test_a_gateway_is_started_by_the_script_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "gateway"
    served = f"{sys.executable} -m http.server --bind 127.0.0.1 $PORT"
    script.write_text(f"#!/bin/sh\necho $FHIR_BASE > base\nexec {served}\n")
    script.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("OAUTH2_PROXY", raising=False)
    monkeypatch.setenv("FHIR_GATEWAY", str(script))
    monkeypatch.setenv("FHIR_GATEWAY_TOKEN", "t1")
    with others.running(tmp_path, BASE) as servers:
        gateway = servers["fhir-gateway"]
        asked = f"http://127.0.0.1:{gateway.server.port}/base"
        assert requests.get(asked, timeout=60).text.strip() == BASE
        assert gateway.headers == {"Authorization": "Bearer t1"}


@each(
    ("entries", "least", "most"),
    [(resources.HUNDRED, 150_000, 250_000), (resources.MEGABYTE, 900_000, 1_100_000)],
)
def test_the_bundles_weigh_what_their_names_say(entries: int, least: int, most: int) -> None:
    bundle = resources.bundle(BASE, entries)
    assert len(bundle["entry"]) == entries
    assert least < len(resources.compact(bundle)) < most


def test_a_resource_weighs_two_kilobytes() -> None:
    assert 1_800 < len(resources.compact(resources.observation(1, BASE))) < 2_200


def test_an_answer_other_than_the_expected_one_stops_the_measurement() -> None:
    with raw_server(always(plain(b"x" * 10, status="403 Forbidden"))) as server:
        asked = wire.get("/", {"Host": "localhost"})
        for question in (
            wire.Question(server.port, asked, 200),
            wire.Question(server.port, asked, 403, 11),
        ):
            with pytest.raises(ValueError, match="403"):
                wire.in_turn([question], 1.0, 1)
            with pytest.raises(ValueError, match="403"):
                wire.at_once(question, 2, 0.01)


def test_everyone_is_asked_equally_often_and_first_in_turn() -> None:
    order: list[int] = []
    lock = threading.Lock()

    def noted(number: int) -> wire.Question:
        class Noted(wire.Question):
            def ask(self, _: wire.Wire) -> float:
                with lock:
                    order.append(number)
                return float(number)

        return Noted(0, b"", 200)

    took = wire.in_turn([noted(0), noted(1), noted(2)], 60.0, 3)
    assert took == [[0.0] * 3, [1.0] * 3, [2.0] * 3]
    assert order == [0, 1, 2, 1, 2, 0, 2, 0, 1]


def test_a_slow_machine_gets_fewer_rounds_but_never_too_few() -> None:
    assert list(rounds(8, 60.0)) == list(range(8))
    assert list(rounds(8, 0.0, 3)) == [0, 1, 2]


def test_an_operation_that_no_budget_names_is_over_it() -> None:
    # To load the Firestore client takes longer than all these tests.
    from benchmarks.store_operations import _row
    from tests.support.firestore_stand_in import StandIn

    store = StandIn()
    try:
        store.counts.update({"read": 1})
        assert _row("launch", "launch", store, {"create": 1}).verdict == "over"
        store.counts.update({"create": 1})
        assert _row("launch", "launch", store, {"create": 1}).verdict == "within"
        assert _row("launch", "launch", store, {"create": 1}).value == 0
    finally:
        store.close()


def test_an_unknown_measurement_is_refused_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from benchmarks import __main__ as command

    assert command.main(["speed"]) == 2
    assert ", ".join(command.MEASUREMENTS) in capsys.readouterr().err


def test_every_measurement_has_its_part_in_the_document() -> None:
    from benchmarks import __main__ as command

    text = (ROOT / "docs" / "performance.md").read_text("utf-8")
    modules = {path.stem for path in Path(ROOT / "benchmarks").glob("*.py")}
    for name in command.MEASUREMENTS:
        assert name in modules
        assert f"`{name}`" in text
