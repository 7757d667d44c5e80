"""What a server's threads are held by: who may call, and which read is given up."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from shared.outbound import bulkheads
from shared.outbound.bulkheads import Serving, Threads

COUNT = 16


class Server:
    """A server of COUNT threads, each request served by one of them to the end of the test."""

    def __init__(self, stack: ExitStack) -> None:
        self.threads = Threads(COUNT)
        self._stack = stack
        self._end = threading.Event()
        self._pool = stack.enter_context(ThreadPoolExecutor(COUNT))
        stack.callback(self._end.set)

    def serve(self, ehr: str = "bad", session: str | None = None) -> Serving:
        entered: list[Serving] = []
        has_entered = threading.Event()

        def run() -> None:
            serving = self.threads.enter()
            serving.ehr, serving.session = ehr, session
            entered.append(serving)
            has_entered.set()
            self._end.wait()

        self._pool.submit(run)
        assert has_entered.wait(30)
        return entered[0]

    def hang(self, session: str, *, is_read: bool = True) -> Serving:
        serving = self.serve("bad", session)
        self._stack.enter_context(self.threads.hanging(serving, is_read=is_read))
        return serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(bulkheads, "LOOK_SECONDS", 0.0)
    with ExitStack() as stack:
        yield Server(stack)


def test_an_ehr_that_holds_half_by_calls_that_hang_is_not_called_while_few_threads_are_free(
    server: Server,
) -> None:
    for number in range(8):
        server.hang(str(number))
    for _ in range(4):
        server.serve("good")
    # A quarter of the threads is free.
    assert server.threads.may_call("bad", "new")
    server.serve("good")
    assert not server.threads.may_call("bad", "new")
    assert server.threads.may_call("good", "new")


def test_a_session_that_holds_a_quarter_so_is_refused_and_no_other_of_its_ehr(
    server: Server,
) -> None:
    for _ in range(4):
        server.hang("one")
    for _ in range(9):
        server.serve("good")
    assert not server.threads.may_call("bad", "one")
    assert server.threads.may_call("bad", "another")


def test_calls_that_do_not_hang_are_never_refused_however_many(server: Server) -> None:
    for _ in range(COUNT):
        server.serve(session="one")
    assert server.threads.may_call("bad", "one")


def given_up(server: Server, hung: list[Serving]) -> list[int]:
    """Which of the calls that hang give up now, by their age."""
    return [age for age, one in enumerate(hung) if server.threads.gives_up(one, 0.0)]


def test_where_no_thread_is_free_the_youngest_reads_beyond_a_part_are_given_up_first(
    server: Server,
) -> None:
    one = [server.hang("one") for _ in range(6)]
    others = [server.hang(str(number)) for number in range(4)]
    assert given_up(server, one + others) == []
    for _ in range(6):
        server.serve("good")
    # Two are beyond the quarter of their session; with four of it and four others the EHR has half.
    assert given_up(server, one + others) == [5]


def test_changes_are_never_given_up_and_take_their_part(server: Server) -> None:
    changes = [server.hang("one", is_read=False) for _ in range(8)]
    reads = [server.hang("one") for _ in range(8)]
    assert given_up(server, changes + reads) == [15]


def test_calls_side_by_side_for_one_page_count_as_one(server: Server) -> None:
    page = server.serve(session="one")
    with ExitStack() as searches:
        for _ in range(9):
            searches.enter_context(server.threads.hanging(page, is_read=True))
        for _ in range(COUNT - 1):
            server.serve("good")
        assert server.threads.may_call("bad", "one")
        assert given_up(server, [page]) == []


def test_a_thread_that_serves_the_next_request_has_done_with_the_one_before() -> None:
    threads = Threads(COUNT)
    first, second = threads.enter(), threads.enter()
    assert threads.free == COUNT - 1
    first.end()
    assert threads.free == COUNT - 1
    second.end()
    assert threads.free == COUNT


def test_who_waits_for_another_thread_that_asks_an_ehr_is_given_up_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As those that wait for the renewal of their session's access."""
    monkeypatch.setattr(bulkheads, "HANGING_SECONDS", 0.0)
    threads = Threads(1)
    monkeypatch.setattr(bulkheads, "_threads", lambda: threads)
    lock = threading.Lock()
    serving = bulkheads.begin()
    assert bulkheads.may_call("bad", "one")
    with lock, pytest.raises(bulkheads.GivenUp):
        bulkheads.acquire(lock)
    serving.end()
    bulkheads.acquire(lock)
