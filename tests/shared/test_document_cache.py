"""What is kept of documents: for a time, failures for 5 seconds, one reading for all threads."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from shared import document_cache
from shared.document_cache import DocumentCache
from shared.errors import DiscoveryFailed

KEY = ("ehr", "https://ehr.test/r4")


class Source:
    """Counts how often it is read; `fails` makes the next readings fail."""

    def __init__(self) -> None:
        self.read_count = 0
        self.fails = False

    def read(self) -> int:
        self.read_count += 1
        if self.fails:
            raise DiscoveryFailed(why="down", steps=("Wait.",), evidence={"base": "b"})
        return self.read_count


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def kept(now: list[float]) -> DocumentCache[int]:
    return DocumentCache[int](60.0, lambda: now[0])


def test_what_was_read_is_kept_for_its_time_under_its_key(
    kept: DocumentCache[int], now: list[float]
) -> None:
    source = Source()
    assert [kept.get(KEY, source.read), kept.get(KEY, source.read)] == [1, 1]
    assert kept.get(("other",), source.read) == 2
    now[0] = 59.9
    assert kept.get(KEY, source.read) == 1
    now[0] = 60.0
    assert kept.get(KEY, source.read) == 3


def test_a_failure_is_kept_for_five_seconds_and_raised_as_a_copy(
    kept: DocumentCache[int], now: list[float]
) -> None:
    source = Source()
    # What was kept is not used when it is too old and the EHR then fails.
    kept.get(KEY, source.read)
    source.fails, source.read_count = True, 0
    raised = []
    for now[0] in (60.0, 64.9):
        with pytest.raises(DiscoveryFailed) as caught:
            kept.get(KEY, source.read)
        raised.append(caught.value)
    assert source.read_count == 1
    assert raised[0] is not raised[1]
    for name in ("why", "steps", "cause", "evidence"):
        assert getattr(raised[0], name) == getattr(raised[1], name)
    source.fails, now[0] = False, 65.0
    assert kept.get(KEY, source.read) == 2


def test_a_failure_that_is_kept_holds_nothing_of_the_document(kept: DocumentCache[int]) -> None:
    source = Source()
    source.fails = True
    with pytest.raises(DiscoveryFailed):
        kept.get(KEY, source.read)
    entry = kept._entry(KEY)
    assert isinstance(entry.outcome, DiscoveryFailed)
    # Otherwise its frames would hold the body and everything that was parsed from it.
    assert (entry.outcome.__traceback__, entry.outcome.__context__) == (None, None)


def test_all_caches_together_keep_16_mb_and_the_oldest_documents_go_first(
    now: list[float],
) -> None:
    one, two = (DocumentCache[bytes](60.0, lambda: now[0]) for _ in range(2))
    read: list[int] = []

    def fetch(number: int) -> bytes:
        def document() -> bytes:
            read.append(number)
            return bytes(50_000)

        return (one if number % 2 else two).get((str(number),), document)

    for number in range(400):
        fetch(number)
    assert 15_000_000 < document_cache.shelf.size <= 16_000_000
    read.clear()
    for number in range(399, 99, -1):
        fetch(number)
    assert read == []
    fetch(0)
    assert read == [0]


def test_made_up_addresses_and_failures_are_counted_too(now: list[float]) -> None:
    kept = DocumentCache[int](60.0, lambda: now[0])

    def read() -> int:
        raise DiscoveryFailed(why="down", evidence={"document": "x" * 100_000})

    for number in range(200):
        with pytest.raises(DiscoveryFailed):
            kept.get((f"{number:0100000}",), read)
    assert document_cache.shelf.size <= 16_000_000
    places = [place for place in document_cache.shelf._entries if len(place[1][0]) == 100_000]
    assert len(places) < 80


def test_a_document_over_64_kb_is_used_and_not_kept(now: list[float]) -> None:
    kept, source = DocumentCache[bytes](60.0, lambda: now[0]), Source()
    for _ in range(2):
        assert kept.get(KEY, lambda: bytes(64_000 * source.read())) != b""
    assert source.read_count == 2


def test_it_is_read_anew_at_most_every_thirty_seconds_and_a_failure_changes_nothing(
    kept: DocumentCache[int], now: list[float]
) -> None:
    source = Source()
    assert kept.get(KEY, source.read) == 1
    source.fails = True
    with pytest.raises(DiscoveryFailed):
        kept.renew(KEY, source.read)
    assert not kept.may_renew(KEY)
    assert kept.renew(KEY, source.read) == kept.get(KEY, source.read) == 1
    source.fails, now[0] = False, 30.0
    assert kept.may_renew(KEY)
    assert kept.renew(KEY, source.read) == 3


def test_threads_that_want_one_document_wait_for_one_reading(kept: DocumentCache[int]) -> None:
    source, begun, released = Source(), threading.Event(), threading.Event()

    def slowly() -> int:
        begun.set()
        released.wait(10)
        return source.read()

    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(kept.get, KEY, slowly)
        begun.wait(10)
        others = [threads.submit(kept.get, KEY, source.read) for _ in range(7)]
        # A thread that doesn't wait has read the document by now.
        wait(others, timeout=0.05)
        released.set()
        assert [one.result() for one in (first, *others)] == [1] * 8
    assert source.read_count == 1
