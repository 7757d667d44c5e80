"""Bodies that no function reads, and bodies that do not come, behind the framework."""

import contextlib
import io
import socket
import threading
import tracemalloc
from collections.abc import Iterator

import flask
import functions_framework
import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from shared.config.settings import Settings
from shared.inbound import edge, entry_point, request_body
from shared.inbound.edge import Call, Edge, Reply
from shared.inbound.request_body import Body, Incomplete
from tests.support.app.edge import settings
from tests.support.tables import each

EDGE = Edge("launch", "page", "launch_refused")


class Sent(io.RawIOBase):
    """A body that is not held anywhere, and how much of it was read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = min(self.left, len(buffer))
        self.left -= size
        self.taken += size
        return size


class BreaksOff(io.RawIOBase):
    """A body whose chunks cannot be read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        raise ValueError("a server's message about a chunk")


def _serve(_: Settings, call: Call) -> Reply:
    return Reply(200, body=call.body(100)) if call.path == "/read" else Reply(404)


@pytest.fixture
def app() -> flask.Flask:
    """An app that answers 404 without a look at the body, set up as the framework does it."""
    app = flask.Flask("launch")
    with app.app_context():

        @entry_point.unchanged
        def launch(request: flask.Request) -> flask.Response:
            return edge.answer(request, EDGE, settings(), _serve)

    app.after_request(functions_framework.read_request)
    return app


@pytest.fixture
def client(app: flask.Flask) -> Client:
    return Client(app)


def _posted(client: Client, body: io.RawIOBase, announced: int | None, path: str = "/x") -> int:
    """The status; without an announced length the body comes in chunks."""
    environ = {"wsgi.input_terminated": True, "wsgi.input": body}
    length = {"CONTENT_LENGTH": "" if announced is None else str(announced)}
    if announced is None:
        length["HTTP_TRANSFER_ENCODING"] = "chunked"
    return client.post(path, environ_overrides={**environ, **length}).status_code


@each("announced", [True, False])
def test_a_body_that_nobody_wants_is_let_go_by_and_not_kept(
    client: Client, announced: bool
) -> None:
    body = Sent(9_000_000)
    tracemalloc.start()
    try:
        assert _posted(client, body, 9_000_000 if announced else None) == 404
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    # All of it, because a sender might not listen until it has sent everything.
    assert body.left == 0


def test_a_body_that_is_announced_as_too_large_is_not_waited_for(client: Client) -> None:
    body = Sent(20_000_000)
    assert _posted(client, body, 20_000_000) == 404
    assert body.taken == 0


def test_a_body_of_unknown_length_is_let_go_by_up_to_the_limit_only(client: Client) -> None:
    body = Sent(40_000_000)
    assert _posted(client, body, None) == 404
    assert body.taken <= request_body.MAX_BYTES + 65_536


def test_a_body_that_a_function_read_is_what_it_got(client: Client) -> None:
    read = client.post("/read", data=b"x" * 100)
    assert (read.status_code, read.data) == (200, b"x" * 100)
    assert client.post("/read", data=b"x" * 101).status_code == 413


@each("announced", [50, None])
def test_a_body_that_breaks_off_is_a_refusal_only_where_it_is_needed(
    client: Client, announced: int | None
) -> None:
    assert _posted(client, BreaksOff(), announced) == 404
    assert _posted(client, BreaksOff(), announced, "/read") == 400


def test_a_body_that_ends_before_its_length_is_refused(client: Client) -> None:
    assert _posted(client, Sent(49), 50, "/read") == 400
    assert _posted(client, Sent(50), 50, "/read") == 200


@each("path", ["/a%0Ab", "/robots.txt", "/favicon.ico", "/a//b", "/..%2F", "/%"])
def test_every_path_reaches_the_function(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.headers["X-Correlation-Id"]


@contextlib.contextmanager
def connection() -> Iterator[tuple[socket.socket, socket.socket, io.BufferedReader]]:
    """Our end, theirs, and what ours receives."""
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as stream:
        yield ours, theirs, stream


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "GRACE_SECONDS", 0.05)


@pytest.mark.usefixtures("hurried")
@each("sent", [b"", b"x" * 10])
def test_what_does_not_come_is_waited_for_a_while_only(sent: bytes) -> None:
    with connection() as (ours, theirs, stream):
        theirs.sendall(sent)
        body = Body(stream, 1000, ours)
        with pytest.raises(Incomplete):
            body.read(2000)
        # The answer can still be sent.
        ours.sendall(b"answer")
        assert theirs.recv(10) == b"answer"
        assert not body.is_over


@contextlib.contextmanager
def given_up(theirs: socket.socket) -> Iterator[threading.Event]:
    """Ends the sender where ours should have ended the reading long before; then it is set."""
    waited, done = threading.Event(), threading.Event()

    def end() -> None:
        if not done.wait(30):
            waited.set()
            theirs.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield waited
    finally:
        done.set()
        thread.join()


@pytest.mark.usefixtures("hurried")
@each("wanted", [True, False])
def test_bytes_that_came_at_once_buy_no_silence(
    wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By the pace alone what is sent here would do for a day.
    monkeypatch.setattr(request_body, "BYTES_A_SECOND", 1)
    with connection() as (ours, theirs, stream), given_up(theirs) as waited:
        theirs.sendall(b"x" * 100_000)
        body = Body(stream, 9_900_000, ours)
        if wanted:
            with pytest.raises(Incomplete):
                body.read(9_900_000)
        else:
            body.let_by()
        assert not body.is_over
        assert not waited.is_set()


def test_a_body_that_nobody_wants_is_let_by_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_body, "UNWANTED_SECONDS", 0.05)
    monkeypatch.setattr(request_body, "BYTES_A_SECOND", 1)
    with connection() as (ours, theirs, stream), given_up(theirs) as waited:
        over = threading.Event()

        def keep_the_pace() -> None:
            with contextlib.suppress(OSError):
                while not over.wait(0.002):
                    theirs.sendall(b"x" * 10)

        sender = threading.Thread(target=keep_the_pace)
        sender.start()
        body = Body(stream, 9_900_000, ours)
        body.let_by()
        over.set()
        sender.join()
        assert not body.is_over
        assert not waited.is_set()


@pytest.mark.usefixtures("hurried")
def test_a_connection_whose_body_is_not_over_takes_no_further_request() -> None:
    with connection() as (ours, theirs, stream):
        theirs.sendall(b"x")
        body = Body(stream, 1000, ours)
        body.let_by()
        with pytest.raises(ConnectionResetError):
            body.hang_up()


def test_a_whole_body_leaves_the_connection_as_it_was() -> None:
    with connection() as (ours, theirs, stream):
        theirs.sendall(b"x" * 1000)
        body = Body(stream, 1000, ours)
        assert body.read(1000) == b"x" * 1000
        body.let_by()
        assert body.is_over
        theirs.sendall(b"next request")
        assert stream.read1(100) == b"next request"


@pytest.mark.usefixtures("hurried")
def test_the_server_is_told_to_close_only_after_the_answer(app: flask.Flask) -> None:
    with connection() as (ours, _, stream):
        environ = EnvironBuilder("/x", method="POST").get_environ()
        environ |= {"gunicorn.socket": ours, "wsgi.input": stream}
        environ |= {"wsgi.input_terminated": True, "CONTENT_LENGTH": "1000"}
        chunks, status, _ = run_wsgi_app(app, environ)
        assert status.startswith("404")
        list(chunks)
        with pytest.raises(ConnectionResetError):
            chunks.close()  # type: ignore[attr-defined]
