"""The requests that a process serves and their waits, by a clock that the test moves: what is
counted, what is remembered and logged, and that giving up ends only the call that is given up.
"""

import contextvars
import itertools
import json
import socket
import threading
from contextvars import ContextVar
from typing import Any

import pytest

from shared.errors import Overloaded
from shared.outbound import bulkheads, connections, http_client, serving, waiting
from shared.outbound.request import origin_of
from shared.outbound.serving import Serving, Threads
from shared.outbound.waiting import Wait
from tests.support.app.stores import Clock
from tests.support.ehr.raw_server import plain, raw_server

VENDOR, OTHER = "https://vendor.example", "https://other.example/r4"
FAR = 1e9


class Process:
    """Threads, of which each request takes its own."""

    def __init__(self, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock(1000.0)
        self.threads = Threads(count, self.clock)
        numbers = itertools.count()
        monkeypatch.setattr(waiting, "_threads", lambda: self.threads)
        # The requests end with the test.
        monkeypatch.setattr(waiting, "_serving", ContextVar("serving", default=None))
        monkeypatch.setattr(serving, "get_ident", lambda: next(numbers))

    def hang(self, base: str, session: str | None = None, *, is_read: bool = True) -> Wait:
        """Begin a request whose call to a base gets nothing."""
        waiting.begin()
        waiting.admit(base, base, session)
        wait = waiting.call(origin_of(base), base, is_read=is_read)
        return wait.__enter__()

    def fill(self, free: int) -> None:
        """Leave this many threads free."""
        for _ in range(self.threads.free - free):
            waiting.begin()

    def may_call(self, url: str, base: str, session: str | None = None) -> bool:
        """Whether a new request may call a URL."""
        request = waiting.begin()
        try:
            waiting.admit(url, base, session)
        except Overloaded:
            return False
        finally:
            request.end()
        return True


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    return Process(16, monkeypatch)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Process:
    """A process with one thread."""
    return Process(1, monkeypatch)


def test_a_host_counts_as_a_whole_with_its_token_endpoint(process: Process) -> None:
    process.hang(f"{VENDOR}/a")
    process.fill(free=4)
    process.clock.now += 3.0
    assert process.may_call("https://VENDOR.example:443/token", f"{VENDOR}/b")
    # That was the probe.
    assert not process.may_call(f"{VENDOR}/keys", f"{VENDOR}/b")
    assert process.may_call("https://vendor.example:8443/token", f"{VENDOR}/b")
    process.clock.now += 3.0
    assert process.may_call(f"{VENDOR}/c", f"{VENDOR}/c")


def test_hospitals_of_a_host_that_trickles_leave_threads_for_another(process: Process) -> None:
    waits = [process.hang(f"{VENDOR}/{number}") for number in range(13)]
    for _ in range(5):
        process.clock.now += 1.0
        for wait in waits:
            wait.received(1)
    # The first one is the probe.
    assert [process.may_call(f"{VENDOR}/new", f"{VENDOR}/new") for _ in range(2)] == [True, False]
    assert process.may_call(OTHER, OTHER)
    # 64 kB that took more than 5 s change nothing, but a complete response does.
    waits[0].received(64_000)
    assert not process.may_call(f"{VENDOR}/new", f"{VENDOR}/new")
    waits[0].answered()
    assert process.may_call(f"{VENDOR}/new", f"{VENDOR}/new")


def test_a_request_in_progress_is_not_stopped_and_its_calls_share_one_probe(
    process: Process,
) -> None:
    process.hang(f"{VENDOR}/a")
    process.fill(free=4)
    process.clock.now += 3.0
    waiting.begin()
    for path in ("token", "a", "a", "b"):
        waiting.admit(f"{VENDOR}/{path}", f"{VENDOR}/a", "one")


def test_a_read_for_a_page_that_was_sent_holds_no_thread(process: Process) -> None:
    requests = []
    for _ in range(8):
        process.hang(f"{VENDOR}/a")
        requests.append(_current())
    process.fill(free=4)
    process.clock.now += 3.0
    assert not process.may_call(f"{VENDOR}/a", f"{VENDOR}/a")
    requests[0].end()
    assert process.may_call(f"{VENDOR}/a", f"{VENDOR}/a")


def _current() -> Serving:
    request = waiting._serving.get()
    assert request is not None
    return request


def test_a_thread_that_serves_the_next_request_has_done_with_the_one_before() -> None:
    threads = Threads(2)
    first, second = threads.enter(), threads.enter()
    assert threads.free == 1
    first.end()
    assert threads.free == 1
    second.end()
    assert threads.free == 2


def test_time_in_which_the_app_does_not_read_is_no_wait(alone: Process) -> None:
    wait = alone.hang(OTHER)
    alone.clock.now += 2.0
    wait.received(1)
    wait.__exit__(None, None, None)
    alone.clock.now += 60.0
    wait.__enter__()
    alone.clock.now += 2.9
    assert wait.seconds(FAR) == pytest.approx(0.1)
    # It has brought too little in the 5 s in which it was read.
    alone.clock.now += 0.1
    with pytest.raises(Overloaded):
        wait.seconds(FAR)


def test_a_call_that_brings_64_kb_in_5_s_does_not_hang(alone: Process) -> None:
    wait = alone.hang(OTHER)
    for _ in range(10):
        alone.clock.now += 2.5
        wait.received(32_000)
        assert wait.seconds(FAR) > 0.1


def test_a_request_that_was_given_up_makes_no_more_reads_but_changes(alone: Process) -> None:
    wait = alone.hang(OTHER)
    alone.clock.now += 3.0
    with pytest.raises(Overloaded):
        wait.seconds(FAR)
    with pytest.raises(Overloaded):
        waiting.call(origin_of(OTHER), OTHER, is_read=True)
    change = waiting.call(origin_of(OTHER), OTHER, is_read=False).__enter__()
    alone.clock.now += 50.0
    assert change.seconds(FAR) == pytest.approx(waiting.LOOK_SECONDS)


def test_a_call_that_ends_by_its_own_deadline_shows_that_its_host_is_silent(
    process: Process,
) -> None:
    """As those of cds_services, and those that can't connect."""
    for seconds, is_silent in ((1.4, False), (2.0, True)):
        wait = process.hang(f"{VENDOR}/a")
        request = _current()
        process.clock.now += seconds
        wait.__exit__(TimeoutError, None, None)
        request.end()
        process.clock.now += 2.0
        process.fill(free=4)
        # The second call isn't a probe.
        process.may_call(f"{VENDOR}/a", f"{VENDOR}/a")
        assert process.may_call(f"{VENDOR}/b", f"{VENDOR}/b") is not is_silent
        process.clock.now += 30.0


def test_only_so_many_hosts_and_bases_are_remembered(process: Process) -> None:
    for number in range(serving._MOST_KNOWN + 10):
        process.threads.host(origin_of(f"https://host-{number}.example"))
        process.threads.base(f"https://host-{number}.example/r4")
    assert len(process.threads._hosts) == len(process.threads._bases) == serving._MOST_KNOWN


def test_a_host_that_hangs_is_logged_once_a_minute_with_its_calls_and_the_longest_wait(
    process: Process, capfd: pytest.CaptureFixture[str]
) -> None:
    waits = [process.hang(f"{VENDOR}:8443/{number}") for number in range(3)]
    other = process.hang(OTHER)
    for _ in range(2 * 60 + 10):
        process.clock.now += 0.5
        for wait in (*waits, other):
            wait.seconds(FAR)
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {(line["event"], line["severity"]) for line in lines} == {("ehr_hanging", "WARNING")}
    of_vendor = [
        (line["calls"], line["longest_wait_ms"])
        for line in lines
        if line["host"] == "vendor.example:8443"
    ]
    assert of_vendor == [(3, 4000), (3, 65_000)]
    assert [line["calls"] for line in lines if line["host"] == "other.example"] == [1, 1]


def test_who_waits_for_another_thread_that_asks_an_ehr_is_given_up_alike(
    alone: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those that wait for the renewal of their session's access, or for a document."""
    monkeypatch.setattr(bulkheads, "HANGING_SECONDS", 0.0)
    lock = threading.Lock()
    waiting.begin()
    waiting.admit(OTHER, OTHER)
    with lock, pytest.raises(Overloaded):
        waiting.acquire(lock)
    with waiting.turn(lock):
        assert lock.locked()
    assert not lock.locked()


class Silent:
    """A server whose first response stops after `sent`, and whose others are complete."""

    def __init__(self, sent: bytes) -> None:
        self.sent = sent
        self.was_left = threading.Event()

    def __call__(self, connection: socket.socket, number: int) -> bool:
        if number > 1:
            connection.sendall(plain(b"another"))
            return True
        connection.sendall(self.sent)
        # Returns when the other side closes the connection.
        if connection.recv(1) == b"":
            self.was_left.set()
        return False


def ask(port: int, method: str = "GET", **given: Any) -> bytes:
    """Make one request of the app that calls a server."""

    def run() -> bytes:
        base = f"http://127.0.0.1:{port}"
        request = waiting.begin()
        try:
            waiting.admit(base, base)
            limits: dict[str, Any] = {"seconds": 30.0, "max_bytes": 1000, "headers": {}}
            return http_client.send(method, base, base=base, **(limits | given)).body
        finally:
            request.end()

    return contextvars.copy_context().run(run)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-", id="a part of the head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart", id="a part of the body"),
    ],
)
def test_giving_up_a_read_closes_its_connection_and_no_other(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    threads = Threads(1)
    monkeypatch.setattr(waiting, "_threads", lambda: threads)
    monkeypatch.setattr(connections, "_kept", {})
    monkeypatch.setattr(bulkheads, "HANGING_SECONDS", 0.3)
    silent = Silent(sent)
    with raw_server(silent) as server:
        with pytest.raises(Overloaded) as raised:
            ask(server.port)
        assert raised.value.evidence == {"host": f"127.0.0.1:{server.port}"}
        assert silent.was_left.wait(30)
        monkeypatch.setattr(bulkheads, "HANGING_SECONDS", 30.0)
        assert ask(server.port) == b"another"
        assert ask(server.port) == b"another"
    assert server.connections == 2
    assert not threads.waiting


def test_a_change_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(1)
    monkeypatch.setattr(waiting, "_threads", lambda: threads)
    monkeypatch.setattr(bulkheads, "HANGING_SECONDS", 0.0)
    with raw_server(Silent(b"")) as server, pytest.raises(http_client.TimedOut):
        ask(server.port, "POST", body=b"x", seconds=0.5)
