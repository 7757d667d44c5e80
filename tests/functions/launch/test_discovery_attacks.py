"""Documents made to exhaust or mislead the app: its memory stays flat, and it doesn't call any URL
in them (DISC-04, 06, 07, 15; TOKEN-14).
"""

import json
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.app.app import App
from tests.support.browser.browser import Browser
from tests.support.ehr.scripted_ehr import Handler, Received, Scripted
from tests.support.tables import each

DOCUMENT = "/.well-known/smart-configuration"
TOKEN = "/auth/token"
JSON = {"Content-Type": "application/json"}
AT_ONCE, ROUNDS = 8, 3
# A document may have 1 MB, which is up to 12 MB of objects when it's parsed. None of them stays.
# The limit is less than five of the 24 documents: each thread's allocator holds some pages.
MOST_AT_ONCE_KB = 12_000 * AT_ONCE
MOST_KEPT_KB = 60_000


def _bomb(megabytes: int) -> bytes:
    """Zeros in gzip, a thousandth of their size."""
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (megabytes - 1)


def _endless(_: Received) -> Scripted:
    """Return 100 MB, generated while the client reads."""
    pieces: Iterator[bytes] = (b" " * 100_000 for _ in range(1000))
    return Scripted(200, JSON, pieces)


def _always(body: bytes, coding: str | None = None) -> Handler:
    headers = JSON | ({"Content-Encoding": coding} if coding else {})
    return lambda _: Scripted(200, headers, body)


ATTACKS: dict[str, Handler] = {
    "100 MB": _endless,
    "1 GB in gzip": _always(_bomb(1000), "gzip"),
    "brackets": _always(b'{"a":' + b"[" * 900_000),
    "a long number": _always(b'{"a":' + b"9" * 900_000 + b"}"),
    "many members": _always(json.dumps({f"m{number}": [] for number in range(60_000)}).encode()),
}


class _Worker:
    """The process that serves the functions, and its memory in KB."""

    def __init__(self, app: App) -> None:
        master = app.server.process.pid
        children = Path(f"/proc/{master}/task/{master}/children")
        until = time.monotonic() + 5
        # The kernel leaves a child out of the list while another comes or goes (proc(5)).
        while len(pids := children.read_text().split()) != 1 and time.monotonic() < until:
            time.sleep(0.01)
        (self._pid,) = pids

    def now(self) -> int:
        return self._status("VmRSS")

    def forget_peak(self) -> None:
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise AssertionError(f"no {name}")


def _stays_flat(app: App, attack: Callable[[int], None]) -> None:
    worker = _Worker(app)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # What the first of a kind loads and allots for good is not what grows.
        list(pool.map(attack, range(AT_ONCE)))
        worker.forget_peak()
        before = worker.now()
        list(pool.map(attack, range(ROUNDS * AT_ONCE)))
    assert worker.peak() - before < MOST_AT_ONCE_KB
    assert worker.now() - before < MOST_KEPT_KB


@each("handler", ATTACKS.values(), ids=ATTACKS)
def test_memory_stays_flat_whatever_a_document_holds(app: App, handler: Handler) -> None:
    def attack(_: int) -> None:
        tenant = app.scripted.tenant()
        tenant.on(DOCUMENT, handler)
        answer = app.begin(tenant, Browser())
        assert (answer.status, answer.code) == (502, "discovery_invalid")

    _stays_flat(app, attack)
    assert app.launch(app.scripted.tenant()).callback.status == 303


def test_memory_stays_flat_whatever_a_token_answer_holds(app: App) -> None:
    def attack(_: int) -> None:
        tenant, browser = app.scripted.tenant(), Browser()
        tenant.on(TOKEN, ATTACKS["1 GB in gzip"])
        answer = app.answer(app.begin(tenant, browser), tenant, browser)
        assert (answer.status, answer.code) == (502, "token_invalid")

    _stays_flat(app, attack)


# Other hosts than the EHR's own are refused, for any member: tests/shared/smart/test_discovery.py.
@each(
    ("host", "member"),
    [
        ("metadata.google.internal", "authorization_endpoint"),
        ("169.254.169.254", "token_endpoint"),
        ("127.0.0.1:6379", "revocation_endpoint"),
    ],
)
def test_no_endpoint_leads_to_the_inside_of_the_network(app: App, host: str, member: str) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery[member] = f"http://{host}/latest"
    answer = app.begin(tenant, Browser())
    assert (answer.status, answer.code) == (502, "discovery_invalid")
    assert member in answer.json()["detail"]
    assert answer.all("Set-Cookie") == []
    assert tenant.outside_of_discovery() == []
