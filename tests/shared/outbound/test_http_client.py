"""The HTTP client, against servers that break every rule of HTTP."""

import contextlib
import gzip
import hashlib
import logging
import queue
import socket
import ssl
import threading
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shared.outbound import connections, http_client
from shared.outbound.request import Origin
from shared.outbound.sockets import is_link_local
from tests.support.ehr.certificates import Authority, authority, self_signed
from tests.support.ehr.raw_server import Answerer, always, plain, raw_server

CODED = "Content-Encoding: "
GZIP = CODED + "gzip"
SECRET_PATH = "/fhir/Patient/p1?name=Testpatient"


@pytest.fixture(autouse=True)
def _fresh_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(connections, "_kept", {})
    monkeypatch.setattr(connections, "_needs_all", threading.Event())
    yield
    for resting in connections._kept.values():
        for connection in resting:
            connection.close()


def send(url: str | int, method: str = "GET", **given: Any) -> http_client.Answer:
    """Send with limits that suit most tests; a number is a port on 127.0.0.1."""
    address = f"http://127.0.0.1:{url}{SECRET_PATH}" if isinstance(url, int) else url
    limits: dict[str, Any] = {"seconds": 5.0, "max_bytes": 100_000, "headers": {}}
    return http_client.send(method, address, **(limits | given))


# Long after the deadline of any call here, on however busy a machine.
PATIENCE_SECONDS = 30.0


def times_out(url: str | int, method: str = "GET", **given: Any) -> bool:
    """Whether a call that nothing else would end is ended by its deadline."""
    ended: queue.Queue[http_client.OutboundError | None] = queue.Queue()

    def call() -> None:
        try:
            send(url, method, seconds=0.3, **given)
        except http_client.OutboundError as error:
            ended.put(error)
        else:
            ended.put(None)

    threading.Thread(target=call, daemon=True).start()
    return isinstance(ended.get(timeout=PATIENCE_SECONDS), http_client.TimedOut)


def dripping(start: bytes, drop: bytes) -> Answerer:
    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(start)
        while True:
            connection.sendall(drop)
            time.sleep(0.02)

    return respond


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b"x", id="body without length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", id="chunks"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x", id="chunk size"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x", id="header value"),
        pytest.param(b"HTTP/1.1 200 ", b"x", id="status line"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="interim answers"),
    ],
)
def test_the_deadline_holds_against_an_answer_that_drips(start: bytes, drop: bytes) -> None:
    with raw_server(dripping(start, drop)) as server:
        assert times_out(server.port)
        assert len(server.requests) <= 1


def test_the_deadline_holds_against_a_server_that_never_answers() -> None:
    with raw_server(dripping(b"", b"")) as server:
        assert times_out(server.port)


def test_the_deadline_holds_against_a_server_that_does_not_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert times_out(listener.getsockname()[1], "POST", body=bytes(50_000_000))


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port where connecting neither succeeds nor fails: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
            waiting.append(sock)
        yield listener.getsockname()[1]
        for sock in waiting:
            sock.close()


def test_the_deadline_holds_while_connecting(deaf_port: int) -> None:
    assert times_out(deaf_port)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[Any, ...]) -> None:
    resolved = [
        (
            socket.AF_INET6 if ":" in address[0] else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            address,
        )
        for address in addresses
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved)


def test_the_deadline_holds_over_all_addresses_of_a_host(
    monkeypatch: pytest.MonkeyPatch, deaf_port: int
) -> None:
    resolve_to(monkeypatch, *[("127.0.0.1", deaf_port)] * 10)
    waits: list[float] = []
    settimeout = socket.socket.settimeout

    def noting(sock: socket.socket, seconds: float) -> None:
        waits.append(seconds)
        settimeout(sock, seconds)

    monkeypatch.setattr(socket.socket, "settimeout", noting)
    assert times_out("http://many.example/")
    assert sum(waits) < 0.3 + 10 * 0.001


def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    monkeypatch: pytest.MonkeyPatch, deaf_port: int
) -> None:
    with raw_server(always(plain())) as server:
        resolve_to(monkeypatch, ("127.0.0.1", deaf_port), ("127.0.0.1", server.port))
        assert send("http://two.example/", seconds=2.0).body == b"ok"


def test_the_deadline_holds_during_the_tls_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert times_out(f"https://localhost:{listener.getsockname()[1]}/")


def test_no_time_left_means_no_request() -> None:
    with raw_server(always(plain())) as server:
        with pytest.raises(http_client.TimedOut):
            send(server.port, seconds=0)
        assert server.connections == 0


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (bytes(1001), ()),
        (gzip.compress(bytes(1001)), (GZIP,)),
        (gzip.compress(bytes(501)) * 2, (GZIP,)),
    ],
    ids=["plain", "gzip", "two gzip members"],
)
def test_an_answer_over_the_limit_is_refused(body: bytes, headers: tuple[str, ...]) -> None:
    with raw_server(always(plain(body, *headers))) as server:
        with pytest.raises(http_client.UnusableBody, match="size"):
            send(server.port, max_bytes=1000)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (bytes(1000), ()),
        (bytes(1000), ("Content-Encoding: identity",)),
        (gzip.compress(bytes(1000)), (GZIP,)),
        (gzip.compress(bytes(1000)), ("Content-Encoding: GZIP",)),
        (gzip.compress(bytes(1000)), ("Content-Encoding: x-gzip",)),
        (gzip.compress(bytes(400)) + gzip.compress(bytes(600)), (GZIP,)),
    ],
    ids=["plain", "identity", "gzip", "in capitals", "by its old name", "two gzip members"],
)
def test_an_answer_at_the_limit_is_taken(body: bytes, headers: tuple[str, ...]) -> None:
    with raw_server(always(plain(body, *headers))) as server:
        assert send(server.port, max_bytes=1000).body == bytes(1000)


def gzip_bomb(megabytes: int) -> bytes:
    """Zeros, packed a thousandfold: one flushed block of 1 MB, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    first = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (megabytes - 1)


def test_a_gzip_bomb_of_1_gb_takes_no_memory() -> None:
    bomb = gzip_bomb(1000)
    assert len(bomb) < 3_000_000
    with raw_server(always(plain(bomb, GZIP))) as server:
        tracemalloc.start()
        try:
            with pytest.raises(http_client.UnusableBody, match="size"):
                send(server.port, max_bytes=1_000_000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize(
    "coding", ["br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "x", "two headers"]
)
def test_a_content_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    twice = gzip.compress(gzip.compress(b"{}"))
    answer = plain(twice, GZIP, GZIP) if coding == "two headers" else plain(b"...", CODED + coding)
    with raw_server(always(answer)) as server:
        with pytest.raises(http_client.UnusableBody, match="content coding"):
            send(server.port)
        assert b"Accept-Encoding: gzip\r\n" in server.requests[0]


def test_no_body_is_waited_for_where_none_can_be() -> None:
    answer = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
    with raw_server(always(answer)) as server:
        answers = [send(server.port) for _ in range(2)]
        assert server.connections == 1
    assert [(one.status, one.body) for one in answers] == [(304, b"")] * 2


def test_interim_answers_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    with raw_server(always(early + plain(b"ok", "X-Own: 1"))) as server:
        answer = send(server.port)
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers == {"x-own": "1", "content-length": "2"}


@pytest.mark.parametrize(
    "early",
    [
        b"HTTP/1.1 104 Early\r\nContent-Length: 5\r\n\r\nearly",
        b"HTTP/1.1 199 Early\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n0\r\n\r\n",
        b"HTTP/1.1 099 Early\r\nContent-Length: 5\r\n\r\nearly",
    ],
    ids=["length", "chunks", "no status"],
)
def test_the_body_of_an_interim_answer_is_no_part_of_the_answer(early: bytes) -> None:
    with (
        raw_server(always(early + plain())) as server,
        pytest.raises(http_client.Unreachable, match="NotHttp"),
    ):
        send(server.port)


def test_an_interim_answer_without_end_takes_no_memory() -> None:
    sent = 0

    def respond(connection: socket.socket, _: int) -> bool:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 104 Early\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"100000\r\n" + bytes(0x100000) + b"\r\n")
            sent += 1

    with raw_server(respond) as server, pytest.raises(http_client.Unreachable, match="NotHttp"):
        send(server.port, seconds=PATIENCE_SECONDS)
    assert sent < 100


def test_headers_of_one_name_are_joined_and_trailers_are_none() -> None:
    head = "HTTP/1.1 200 OK\r\nVary: Accept\r\nvary:  Origin \r\nTransfer-Encoding: chunked\r\n\r\n"
    body = "2;x=y\r\nok\r\n0\r\nX-Trailer: 1\r\nVary: all\r\n\r\n"
    with raw_server(always((head + body).encode())) as server:
        answers = [send(server.port) for _ in range(2)]
        assert server.connections == 1
    for answer in answers:
        assert answer.body == b"ok"
        assert answer.headers == {"vary": "Accept, Origin", "transfer-encoding": "chunked"}


@pytest.mark.parametrize("blanks", ["   ", "\t", " ;x=y"])
def test_the_size_of_a_chunk_may_be_padded(blanks: str) -> None:
    chunks = f"2{blanks}\r\nok\r\n0{blanks}\r\n\r\n".encode()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw_server(always(head + chunks)) as server:
        answers = [send(server.port).body for _ in range(2)]
        assert (answers, server.connections) == ([b"ok", b"ok"], 1)


def test_a_connection_is_not_kept_after_chunks_of_http_1_0() -> None:
    head = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
    with raw_server(always(head + b"2\r\nok\r\n0\r\n\r\n")) as server:
        answers = [send(server.port).body for _ in range(2)]
        assert (answers, server.connections) == ([b"ok", b"ok"], 2)


@pytest.mark.parametrize(
    ("start", "more"),
    [(b"0\r\n", b"X-More: " + b"x" * 1000 + b"\r\n"), (b"1;", b"x" * 1000)],
    ids=["trailers", "extension of a chunk"],
)
def test_what_brings_nothing_of_a_body_is_bounded(start: bytes, more: bytes) -> None:
    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + start)
        while True:
            connection.sendall(more)

    with raw_server(respond) as server, pytest.raises(http_client.Unreachable, match="NotHttp"):
        send(server.port, seconds=PATIENCE_SECONDS)


def test_a_body_in_many_small_chunks_is_handed_on_in_few_pieces() -> None:
    body = b"".join(b"1\r\nx\r\n" for _ in range(50_000)) + b"0\r\n\r\n"
    with raw_server(
        always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    ) as server:
        address = f"http://127.0.0.1:{server.port}/"
        answer = http_client.stream("GET", address, seconds=60, max_bytes=100_000, headers={})
        pieces = list(answer.chunks)
    assert sum(map(len, pieces)) == 50_000
    assert len(pieces) < 1000


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\nall of it"
    with raw_server(always(answer, keep=False)) as server:
        answers = [send(server.port).body for _ in range(2)]
        assert (answers, server.connections) == ([b"all of it"] * 2, 2)


def test_an_answer_that_comes_before_the_request_was_sent_whole_is_read() -> None:
    def refuse(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(plain(b"", status="413 Content Too Large"))
            connection.shutdown(socket.SHUT_WR)
            # Gone while there is more to come, but not with anything unread.
            while connection.recv(1_000_000):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=refuse, args=(listener,), daemon=True).start()
        answer = send(listener.getsockname()[1], "POST", body=bytes(5_000_000))
    assert answer.status == 413


@pytest.mark.parametrize("by_tls", [False, True], ids=["plain", "tls"])
def test_an_answer_is_read_from_a_server_that_reads_no_more_of_the_request(
    trusted: Authority, *, by_tls: bool
) -> None:
    answered = threading.Event()

    def refuse(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        if by_tls:
            connection = trusted.server("localhost").wrap_socket(connection, server_side=True)
        with connection:
            connection.recv(1000)
            connection.sendall(plain(b"", status="413 Content Too Large"))
            assert answered.wait(PATIENCE_SECONDS)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=refuse, args=(listener,), daemon=True).start()
        address = f"http{'s' * by_tls}://localhost:{listener.getsockname()[1]}/"
        ca_file = str(trusted.ca_file)
        answer = send(address, "POST", body=bytes(20_000_000), ca_file=ca_file, seconds=10)
        answered.set()
    assert answer.status == 413
    assert not any(connections._kept.values())


def test_a_request_is_sent_on_after_an_interim_answer() -> None:
    received = 0

    def respond(listener: socket.socket) -> None:
        nonlocal received
        connection, _ = listener.accept()
        with connection:
            received += len(connection.recv(1000))
            connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
            while received < 20_000_000 and (piece := connection.recv(1_000_000)):
                received += len(piece)
            connection.sendall(plain())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=respond, args=(listener,), daemon=True).start()
        answer = send(listener.getsockname()[1], "POST", body=bytes(20_000_000), seconds=30)
    assert (answer.status, answer.body) == (200, b"ok")


def test_of_many_connections_no_more_are_kept_than_a_server_needs() -> None:
    barrier = threading.Barrier(40)

    def respond(connection: socket.socket, _: int) -> bool:
        barrier.wait(PATIENCE_SECONDS)
        connection.sendall(plain())
        return True

    with raw_server(respond) as server:
        asking = [
            threading.Thread(target=send, args=(server.port,), kwargs={"seconds": PATIENCE_SECONDS})
            for _ in range(40)
        ]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        assert server.connections == 40
    assert [len(resting) for resting in connections._kept.values()] == [32]


def test_an_empty_body_needs_no_gzip_stream() -> None:
    with raw_server(always(plain(b"", GZIP, status="304 Not Modified"))) as server:
        answer = send(server.port)
    assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nshort\r\n0\r\n\r\n",
    ],
    ids=["length", "chunks", "chunk size"],
)
def test_an_answer_that_ends_early_is_no_answer_and_not_asked_for_again(answer: bytes) -> None:
    with raw_server(always(answer, keep=False)) as server:
        with pytest.raises(http_client.Unreachable):
            send(server.port)
        assert len(server.requests) == 1


@pytest.mark.parametrize("closes", ["", "Connection: close"])
def test_bytes_after_the_stated_length_are_no_part_of_any_answer(closes: str) -> None:
    answer = plain(b"ok", *filter(None, [closes])) + b"HTTP/1.1 200 OK\r\n\r\nsmuggled"
    with raw_server(always(answer)) as server:
        answers = [send(server.port).body for _ in range(2)]
        assert server.connections == 2
    assert answers == [b"ok", b"ok"]


def test_bytes_that_come_after_an_answer_are_no_part_of_the_next() -> None:
    sent = threading.Event()

    def respond(connection: socket.socket, number: int) -> bool:
        connection.sendall(plain(b"ok"))
        if number == 1:
            connection.sendall(plain(b"smuggled"))
            sent.set()
        return True

    with raw_server(respond) as server:
        first = send(server.port).body
        assert sent.wait(PATIENCE_SECONDS)
        assert (first, send(server.port).body, server.connections) == (b"ok", b"ok", 2)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nab",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
    ids=[
        *("another protocol", "no status", "a long header", "many headers", "two lengths"),
        *("a list of lengths", "a negative length", "a length and chunks"),
        *("a line that isn't a header", "a blank before the colon", "an upgrade"),
        *("another version", "a transfer coding that was not requested", "chunks in chunks"),
    ],
)
def test_an_answer_that_is_not_http_is_no_answer(answer: bytes) -> None:
    with raw_server(always(answer, keep=False)) as server, pytest.raises(http_client.Unreachable):
        send(server.port)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_handed_back_not_followed(status: int, method: str) -> None:
    with raw_server(always(plain())) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/"
        with raw_server(always(plain(b"", location, status=f"{status} Moved"))) as server:
            answer = send(server.port, method)
        assert (answer.status, elsewhere.connections) == (status, 0)


def test_a_connection_is_kept_and_used_again_and_no_cookie_is() -> None:
    with raw_server(always(plain(b"ok", "Set-Cookie: a=b; Path=/"))) as server:
        for _ in range(5):
            send(server.port)
        send(server.port, "POST", body=b"a=b")
        assert (server.connections, len(server.requests)) == (1, 6)
    assert not any(b"cookie" in request.lower() for request in server.requests)


def test_a_connection_that_rested_too_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with raw_server(always(plain())) as server:
        send(server.port)
        monkeypatch.setattr(connections, "KEEP_SECONDS", 0.0)
        send(server.port, "POST", body=b"a=b")
        assert (server.connections, len(server.requests)) == (2, 2)


def test_a_connection_that_nobody_needs_any_more_is_closed_beside_one_in_use() -> None:
    both = threading.Barrier(2)

    def respond(connection: socket.socket, number: int) -> bool:
        if number <= 2:
            both.wait(PATIENCE_SECONDS)
        connection.sendall(plain())
        return True

    with raw_server(respond) as server:
        asking = threading.Thread(target=send, args=(server.port,))
        asking.start()
        send(server.port)
        asking.join()
        (resting,) = connections._kept.values()
        idle = resting[0]
        idle.used_at -= connections.KEEP_SECONDS
        send(server.port)
        assert (len(resting), server.connections) == (1, 2)
        with pytest.raises(OSError, match="descriptor"):
            idle.receive(time.monotonic() + 1)


def test_a_connection_with_an_unread_answer_is_not_used_again() -> None:
    with raw_server(always(plain(bytes(80_000)))) as server:
        with pytest.raises(http_client.UnusableBody):
            send(server.port, max_bytes=10)
        send(server.port)
        assert server.connections == 2


def closing_on_the_second(connection: socket.socket, number: int) -> bool:
    """Keeps the connection after its first answer, then closes it instead of answering."""
    if number == 2:
        return False
    connection.sendall(plain())
    return True


def test_a_get_on_a_connection_closed_in_between_is_sent_once_more() -> None:
    with raw_server(closing_on_the_second) as server:
        answers = [send(server.port).body for _ in range(2)]
        assert answers == [b"ok", b"ok"]
        assert (server.connections, len(server.requests)) == (2, 3)


def test_a_post_is_never_sent_again() -> None:
    with raw_server(closing_on_the_second) as server:
        send(server.port)
        with pytest.raises(http_client.Unreachable):
            send(server.port, "POST", body=b"code=c1")
        assert len(server.requests) == 2


def test_a_get_is_not_sent_again_once_an_answer_has_begun() -> None:
    with raw_server(always(b"HTTP/1.1 200 OK\r\nX-Long: ", keep=False)) as server:
        with pytest.raises(http_client.Unreachable):
            send(server.port)
        assert len(server.requests) == 1


def test_a_post_goes_on_a_new_connection_where_the_kept_one_was_closed_meanwhile() -> None:
    with raw_server(always(plain(), keep=False)) as server:
        send(server.port)
        (resting,) = next(iter(connections._kept.values()))
        until = time.monotonic() + PATIENCE_SECONDS
        while resting.is_usable(time.monotonic()) and time.monotonic() < until:
            time.sleep(0.01)
        assert send(server.port, "POST", body=b"code=c1").body == b"ok"
        assert [request[:4] for request in server.requests] == [b"GET ", b"POST"]


def test_a_get_is_sent_twice_at_most() -> None:
    with raw_server(always(b"", keep=False)) as server:
        with pytest.raises(http_client.Unreachable):
            send(server.port)
        assert len(server.requests) == 2


def test_a_refused_connection_and_an_unknown_name_are_not_a_matter_of_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(http_client.Unreachable):
        send(port)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(http_client.Unreachable):
        send("http://nobody.example/")


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("ftp://127.0.0.1/", {}),
        ("http://127.0.0.1:99999/", {}),
        (f"http://{'a' * 70}.example/", {}),
        ("http://127.0.0.1:1/", {"X-Forged": "a\r\nX-More: b"}),
    ],
)
def test_a_request_that_cannot_be_sent_is_unreachable(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(http_client.Unreachable):
        send(url, headers=headers)


def test_a_failure_names_neither_address_nor_content() -> None:
    cut_short = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsecret"
    with (
        raw_server(always(cut_short, keep=False)) as server,
        pytest.raises(http_client.OutboundError) as failure,
    ):
        send(server.port)
    shown = f"{failure.value!r} {failure.value.__cause__!r}"
    assert not any(word in shown for word in ("127.0.0.1", "Patient", "secret"))
    assert failure.value.__suppress_context__


def test_nothing_of_the_environment_is_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with raw_server(always(plain())) as proxy, raw_server(always(plain())) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login l password p\n")
        send(server.port)
        assert (proxy.connections, len(server.requests)) == (0, 1)
        assert b"authorization" not in server.requests[0].lower()


def test_only_what_the_caller_names_is_sent() -> None:
    with raw_server(always(plain())) as server:
        send(server.port, "POST", headers={"Accept": "application/json"}, body=b"a=b")
        lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == f"POST {SECRET_PATH} HTTP/1.1"
    assert sorted(lines[1:-2]) == [
        "Accept-Encoding: gzip",
        "Accept: application/json",
        "Content-Length: 3",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: smart-calc",
    ]
    assert lines[-1] == "a=b"


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fd20:ce::254"),
        *("::ffff:169.254.169.254", "::169.254.169.254", "::ffff:0:169.254.169.254"),
        *("64:ff9b::169.254.169.254", "64:ff9b:1::169.254.169.254", "2002:a9fe:a9fe::1"),
        # Behind NAT64 prefixes of 48, 56 and 64 bits (RFC 6052 2.4).
        *("64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1::a9:fea9:fe00:0"),
    ],
)
def test_a_host_with_a_link_local_address_is_not_talked_to(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with raw_server(always(plain())) as server:
        resolve_to(monkeypatch, ("127.0.0.1", server.port), (address, 80))
        with pytest.raises(http_client.Unreachable):
            send("http://metadata.example/")
        assert server.connections == 0


class _Resting(connections.Connection):
    """A connection without a socket."""

    def __init__(self, port: int) -> None:
        origin = Origin("https", "ehr.test", port)
        self.peer, self.used_at = connections.Peer(origin, None), time.monotonic()

    def close(self) -> None:
        self.used_at = 0.0


def test_of_all_resting_connections_64_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[connections.Peer, list[connections.Connection]] = {}
    monkeypatch.setattr(connections, "_kept", kept)
    made = [_Resting(port) for port in range(1, 101)]
    for one in made:
        connections.keep(one)
    assert [one for [one] in kept.values()] == made[36:]
    assert [one.used_at for one in made[:36]] == [0.0] * 36


def test_an_address_that_only_embeds_another_ipv4_address_is_talked_to() -> None:
    for address in ("::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:a00:1::"):
        assert not is_link_local(address)


def test_the_address_of_a_metadata_server_is_not_even_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: tried.append(address))
    with pytest.raises(http_client.Unreachable):
        send("http://169.254.169.254/computeMetadata/v1/")
    assert tried == []


def test_a_call_says_nothing_in_any_log_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("tests").debug("heard")
    with raw_server(closing_on_the_second) as server:
        for _ in range(3):
            send(server.port)
    assert {record.name for record in caplog.records} == {"tests"}


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("certificates"))


def test_a_private_authority_is_trusted_where_it_is_named(trusted: Authority) -> None:
    with raw_server(always(plain()), trusted.server("localhost")) as server:
        answer = send(f"https://localhost:{server.port}/", ca_file=str(trusted.ca_file))
        again = send(f"https://localhost:{server.port}/", ca_file=str(trusted.ca_file))
        assert (answer.body, again.body, server.connections) == (b"ok", b"ok", 1)


def test_calls_that_start_together_load_the_certificates_once_and_only_for_https(
    trusted: Authority,
) -> None:
    start = threading.Barrier(4)

    def answer(url: str) -> bytes:
        start.wait()
        return send(url, ca_file=str(trusted.ca_file)).body

    def loaded_for(scheme: str, context: ssl.SSLContext | None) -> int:
        connections._context.cache_clear()
        with raw_server(always(plain()), context) as server, ThreadPoolExecutor(4) as pool:
            urls = [f"{scheme}://localhost:{server.port}/"] * 4
            assert list(pool.map(answer, urls)) == [b"ok"] * 4
        return connections._context.cache_info().misses

    assert (loaded_for("http", None), loaded_for("https", trusted.server("localhost"))) == (0, 1)


def test_bytes_in_the_last_tls_record_of_a_body_are_no_part_of_the_next(
    trusted: Authority,
) -> None:
    body = b"begun and ended"

    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(plain(body)[:-5])
        connection.sendall(b"ended" + plain(b"smuggled"))
        return True

    with raw_server(respond, trusted.server("localhost")) as server:
        address, ca_file = f"https://localhost:{server.port}/", str(trusted.ca_file)
        answers = [send(address, ca_file=ca_file).body for _ in range(2)]
        assert (answers, server.connections) == ([body, body], 2)


def test_the_dot_that_ends_an_absolute_name_is_no_part_of_it(
    trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_server(always(plain()), trusted.server("ehr.example")) as server:
        resolve_to(monkeypatch, ("127.0.0.1", server.port))
        assert send("https://ehr.example./", ca_file=str(trusted.ca_file)).body == b"ok"


def test_the_deadline_holds_against_a_drip_through_tls(trusted: Authority) -> None:
    drip = dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")
    with raw_server(drip, trusted.server("localhost")) as server:
        assert times_out(f"https://localhost:{server.port}/", ca_file=str(trusted.ca_file))


def ending_tls(connection: socket.socket, _: int) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")
    assert isinstance(connection, ssl.SSLSocket)
    connection.unwrap()
    return False


def test_an_answer_without_a_length_ends_with_tls(trusted: Authority) -> None:
    with raw_server(ending_tls, trusted.server("localhost")) as server:
        answer = send(f"https://localhost:{server.port}/", ca_file=str(trusted.ca_file))
    assert answer.body == b"all of it"


def test_an_answer_that_is_cut_off_below_tls_is_not_taken_for_whole(trusted: Authority) -> None:
    cut = always(b"HTTP/1.1 200 OK\r\n\r\nhalf of ", keep=False)
    with (
        raw_server(cut, trusted.server("localhost")) as server,
        pytest.raises(http_client.Unreachable, match="SSLEOFError"),
    ):
        send(f"https://localhost:{server.port}/", ca_file=str(trusted.ca_file))


def test_a_get_on_a_connection_that_tls_lost_in_between_is_sent_once_more(
    trusted: Authority,
) -> None:
    with raw_server(closing_on_the_second, trusted.server("localhost")) as server:
        address, ca_file = f"https://localhost:{server.port}/", str(trusted.ca_file)
        answers = [send(address, ca_file=ca_file).body for _ in range(2)]
        assert (answers, server.connections) == ([b"ok", b"ok"], 2)


def refuses(context: ssl.SSLContext, ca_file: Path | None) -> bool:
    """Whether no request reaches a server with this certificate, which is tried with the system's
    directory of authorities, then with all of them.
    """
    named = None if ca_file is None else str(ca_file)
    with raw_server(always(plain()), context) as server:
        with pytest.raises(http_client.Unreachable):
            send(f"https://localhost:{server.port}/", ca_file=named)
        return not server.requests and server.connections <= 2


def test_a_private_authority_is_not_trusted_elsewhere_even_if_the_environment_names_it(
    trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refuses(trusted.server("localhost"), None)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(trusted.ca_file))
    assert refuses(trusted.server("localhost"), None)


def test_the_systems_authorities_are_those_in_its_directory_and_in_its_file(
    trusted: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def tried(name: str, file: Path) -> tuple[int, int]:
        """Ask twice, with the authority in a directory and this file; count connections and
        requests.
        """
        (folder := tmp_path / name / file.name).mkdir(parents=True)
        (folder / name).write_bytes(trusted.ca_file.read_bytes())
        monkeypatch.setenv("SSL_CERT_DIR", str(folder))
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        connections._context.cache_clear()
        connections._needs_all.clear()
        # Without ca_file, Python 3.13 requires the identifier of the authority's key.
        context = trusted.server("localhost", identifies=True)
        with raw_server(always(plain()), context) as server:
            for _ in range(2):
                with contextlib.suppress(http_client.Unreachable):
                    send(f"https://localhost:{server.port}/", own_connection=True)
            return server.connections, len(server.requests)

    # As openssl-rehash(1) names it.
    digest = hashlib.sha1(trusted.certificate.subject.public_bytes()[2:]).digest()
    hashed = f"{int.from_bytes(digest[:4], 'little'):08x}.0"
    absent = tmp_path / "absent"
    assert tried(hashed, absent) == (2, 2)
    # The file is read if the directory isn't enough, and then at once for later calls.
    assert tried("unhashed.pem", trusted.ca_file) == (3, 2)
    assert tried("unhashed.pem", absent) == (4, 0)
    connections._context.cache_clear()


def test_the_environment_has_no_keys_of_tls_written_down(
    trusted: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    connections._context.cache_clear()
    with raw_server(always(plain()), trusted.server("localhost")) as server:
        send(f"https://localhost:{server.port}/", ca_file=str(trusted.ca_file))
    connections._context.cache_clear()
    written = tmp_path / "keys"
    assert not written.exists() or "SECRET" not in written.read_text()


def test_a_self_signed_or_expired_certificate_is_refused(
    trusted: Authority, tmp_path: Path
) -> None:
    assert refuses(self_signed(tmp_path, "localhost"), trusted.ca_file)
    assert refuses(trusted.server("localhost", expired=True), trusted.ca_file)


@pytest.mark.parametrize("names", [(), ("elsewhere.example",), ("*host",), ("localhost.example",)])
def test_a_certificate_names_its_server_as_subject_alternative_name_or_not_at_all(
    trusted: Authority, names: tuple[str, ...]
) -> None:
    """RFC 9525 2 and 6.3: a common name counts for nothing, a wildcard for a whole label."""
    assert refuses(trusted.server("localhost", names), trusted.ca_file)


def only_tls_1_1(context: ssl.SSLContext) -> ssl.SSLContext:
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def test_tls_1_1_is_refused(trusted: Authority) -> None:
    context = only_tls_1_1(trusted.server("localhost"))
    lenient = only_tls_1_1(ssl.create_default_context(cafile=trusted.ca_file))
    lenient.verify_flags &= ~ssl.VERIFY_X509_STRICT
    with (
        raw_server(always(plain()), context) as server,
        socket.create_connection(("127.0.0.1", server.port)) as sock,
        lenient.wrap_socket(sock, server_hostname="localhost") as wrapped,
    ):
        assert wrapped.version() == "TLSv1.1"
    assert refuses(context, trusted.ca_file)


def test_an_authority_file_that_is_missing_is_no_reason_to_go_without(tmp_path: Path) -> None:
    with raw_server(always(plain())) as server:
        with pytest.raises(http_client.Unreachable, match="FileNotFoundError"):
            send(f"https://localhost:{server.port}/", ca_file=str(tmp_path / "absent.pem"))
        assert server.connections == 0


def test_bytes_that_come_to_nothing_when_they_are_decoded_are_bounded() -> None:
    """A gzip member may hold empty blocks without end (RFC 1951 3.2.4)."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    head = packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)
    empty_blocks = b"\x00\x00\x00\xff\xff" * 10_000

    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{GZIP}\r\n\r\n".encode() + head)
        while True:
            connection.sendall(empty_blocks)

    with raw_server(respond) as server, pytest.raises(http_client.UnusableBody, match="size"):
        send(server.port, seconds=PATIENCE_SECONDS)
