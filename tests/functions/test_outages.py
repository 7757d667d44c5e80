"""Outages of EHRs at a running app whose functions share 16 threads: everything else continues.

tests/shared/outbound/test_outages.py proves the times, by a clock that doesn't depend on the
machine. Without these rules, the requests here would wait for a minute.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, as_completed
from functools import partial

import pytest

from shared.errors import Overloaded
from tests.support.browser.browser import Answer
from tests.support.ehr.outage import PATIENCE_SECONDS, THREADS, Outage, outage

SIXTEEN, VENDOR, PARTLY, TRICKLING, MIXED, PAGES, HOSTS = 0, 16, 17, 18, 19, 20, 22
ALL_ANSWERED = (200, 302, 200)
# After this time, the calls hang.
HANGING = 4.0


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    with outage(tmp_path_factory.mktemp("outages"), HOSTS) as running:
        yield running


def codes(answers: list[Future[Answer]]) -> Counter[str]:
    """What has been answered so far, by error code or status."""
    done = [one.result() for one in answers if one.done()]
    return Counter(one.code if one.status >= 400 else str(one.status) for one in done)


def test_a_vendor_with_many_bases_at_one_host(there: Outage) -> None:
    silent = [there.clinic(VENDOR) for _ in range(4)]
    fifth, healthy = there.clinic(VENDOR), there.clinic(VENDOR)
    assert healthy.read().status == 200
    with there.silence(*silent, fifth) as send:
        hung = [send(one.read) for one in silent for _ in range(THREADS // 4)]
        time.sleep(HANGING)
        assert there.others() == ALL_ANSWERED
        # One read may be a probe. No byte has come from that host.
        further = [send(fifth.read) for _ in range(4)]
        refused = next(as_completed(further, PATIENCE_SECONDS)).result()
        assert refused.code == "overloaded"
        assert refused.header("Retry-After") == "1"
        # Developers' details are on at localhost.
        host = there.hosts[VENDOR].origin.removeprefix("http://")
        assert f"{host} isn't responding" in refused.text
        # A base at that host that answers.
        assert healthy.read(timeout=PATIENCE_SECONDS).status == 200
        assert codes(hung).keys() == {"overloaded"}
    logged = [one for one in there.app.log_lines() if one["event"] == "ehr_hanging"]
    (line,) = [one for one in logged if one["host"] == host]
    assert line["severity"] == "WARNING"
    assert 1 <= int(str(line["calls"])) <= THREADS
    assert int(str(line["longest_wait_ms"])) >= 3000


def test_sixteen_silent_hosts_while_reads_keep_coming(there: Outage) -> None:
    silent = [there.clinic(SIXTEEN + number) for number in range(16)]
    assert there.others() == ALL_ANSWERED
    with there.silence(*silent) as send:
        answered, hung = [], []
        for number in range(160):
            hung.append(send(silent[number % 16].read))
            if number >= 80 and number % 10 == 0:
                answered.append(there.others())
            time.sleep(1 / 20)
        assert set(answered) == {ALL_ANSWERED}
        assert codes(hung).keys() == {"overloaded"}


def test_fifty_silent_bases_among_five_hundred(there: Outage) -> None:
    clinics = [there.clinic(PARTLY) for _ in range(500)]
    silent, healthy = clinics[::10], [one for n, one in enumerate(clinics) if n % 10]
    with there.silence(*silent) as send:
        read = []
        for number in range(240):
            if number % 8 == 0:
                send(silent[number // 8].read)
            read.append(send(healthy[number].read))
            time.sleep(1 / 40)
        assert there.others() == ALL_ANSWERED
        assert {one.result(PATIENCE_SECONDS).status for one in read} == {200}


def test_a_host_that_sends_a_byte_now_and_then(there: Outage) -> None:
    def trickle(over: threading.Event) -> Iterator[bytes]:
        while not over.wait(2.0):
            yield b" "

    slow = [there.clinic(TRICKLING) for _ in range(4)]
    with there.silence(*slow, body=trickle) as send:
        hung = [send(one.read) for one in slow for _ in range(THREADS // 4)]
        time.sleep(HANGING)
        assert there.others() == ALL_ANSWERED
        assert codes(hung)["overloaded"] >= 1


def test_changes_among_reads_are_not_given_up(there: Outage) -> None:
    silent = [there.clinic(MIXED) for _ in range(8)]
    with there.silence(*silent) as send:
        writes = [send(one.write) for one in silent]
        while sum(len(one.tenant.received) for one in silent) < len(silent):
            time.sleep(0.05)
        reads = [send(one.read) for one in silent]
        time.sleep(HANGING)
        assert there.others() == ALL_ANSWERED
        assert codes(writes) == {}
        assert codes(reads)["overloaded"] >= 1


def test_the_pages_own_reads_are_given_up_too(there: Outage) -> None:
    silent = [there.clinic(PAGES) for _ in range(THREADS)]
    with there.silence(*silent) as send:
        pages = [send(partial(one.page, there.app)) for one in silent]
        time.sleep(HANGING)
        assert there.others() == ALL_ANSWERED
        shown = [one.result(PATIENCE_SECONDS).text for one in pages]
    assert any(f"could not be read ({Overloaded.briefly})" in one for one in shown)
