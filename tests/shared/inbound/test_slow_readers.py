"""Answers that their browsers do not take."""

import itertools
import socket
from collections.abc import Iterator

import flask
import pytest
from werkzeug.test import EnvironBuilder

from shared.config.settings import Settings
from shared.inbound import edge, entry_point, slow_readers
from shared.inbound.edge import Call, Reply
from shared.inbound.spliced import Spliced
from tests.support.app.edge import PAGE_EDGE, logged, settings

LARGE = bytes(20_000_000)


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end, and a browser's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def serve(ours: socket.socket, body: bytes | Iterator[bytes]) -> int:
    """Send an answer as gunicorn does; how much of it the browser has taken, or the kernel."""
    environ = {**EnvironBuilder().get_environ(), "gunicorn.socket": ours}

    def answer(_: Settings, __: Call) -> Reply:
        return Reply(200, body=body)

    def function(request: flask.Request) -> flask.Response:
        return edge.answer(request, PAGE_EDGE, settings(), answer)

    taken = 0
    chunks = entry_point.respond(function, environ, lambda *_: lambda _: None)
    try:
        for chunk in chunks:
            ours.sendall(chunk)
            taken += len(chunk)
    finally:
        chunks.close()  # type: ignore[attr-defined]
    return taken


@pytest.mark.parametrize("streamed", [True, False])
def test_a_browser_that_reads_nothing_loses_its_connection(
    connection: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    streamed: bool,
) -> None:
    monkeypatch.setattr(slow_readers, "MOST_SECONDS", 0.1)
    monkeypatch.setattr(slow_readers, "_LOOK_SECONDS", 0.1)
    with pytest.raises(BrokenPipeError):
        serve(connection[0], iter((LARGE,)) if streamed else LARGE)
    assert logged(capfd)["event"] == "answer_broken"


def test_the_time_in_which_a_piece_is_made_is_not_the_browsers(
    connection: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_readers, "MOST_SECONDS", -1.0)

    def made_slowly() -> Iterator[bytes]:
        with slow_readers._lock:
            (sending,) = slow_readers._all
            sending.drop_if_late(1e12)
        yield b"all of it"

    assert serve(connection[0], made_slowly()) == len(b"all of it")


def test_a_body_of_parts_is_sent_in_pieces_for_which_there_is_room() -> None:
    body = Spliced((b"", memoryview(b"abcdefg")[1:], b"h", b"ijklmnopq"))
    rooms = iter((1, 7, 100))
    pieces = list(body.pieces(lambda left: min(left, next(rooms))))
    assert (len(body), pieces) == (16, [b"b", b"cdefghi", b"jklmnopq"])


@pytest.mark.parametrize("body", [LARGE, Spliced((b"x", LARGE))], ids=["bytes", "parts"])
def test_a_piece_is_as_large_as_the_system_takes_without_a_wait(
    connection: tuple[socket.socket, socket.socket], body: bytes | Spliced
) -> None:
    ours, _ = connection
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200_000)
    ours.setblocking(False)
    sending = slow_readers.Sending(ours)
    pieces = sending.pieces((body,))
    taken = [(len(piece), ours.send(piece)) for piece in itertools.islice(pieces, 2)]
    sending.end()
    sizes, sent = zip(*taken, strict=True)
    assert sizes == sent
    assert sizes[0] > sizes[1] == slow_readers.PIECE_BYTES
