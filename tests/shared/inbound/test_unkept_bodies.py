"""Bodies that no function reads, behind the framework that would take them into memory."""

import io
import tracemalloc

import flask
import functions_framework
import pytest
from flask.testing import FlaskClient

from shared.config.settings import Settings
from shared.inbound import edge as inbound
from shared.inbound.edge import Call, Edge, Reply
from tests.support.edge import settings


class Body(io.RawIOBase):
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


@pytest.fixture
def client() -> FlaskClient:
    """An app that answers 404 without a look at the body, set up as the framework does it."""
    edge = Edge("launch", "page", "launch_refused")

    def serve(_: Settings, call: Call) -> Reply:
        return Reply(200, body=call.body(100)) if call.path == "/read" else Reply(404)

    app = flask.Flask("launch")
    with app.app_context():
        inbound.take_raw_requests()
    app.add_url_rule(
        "/<path:path>",
        "run",
        lambda path: inbound.answer(flask.request, edge, settings(), serve),
        methods=["POST"],
    )
    app.after_request(functions_framework.read_request)
    return app.test_client()


def _posted(client: FlaskClient, body: Body, announced: int | None) -> int:
    """The status; without an announced length the body comes in chunks."""
    environ = {"wsgi.input_terminated": True, "wsgi.input": body}
    length = {"CONTENT_LENGTH": "" if announced is None else str(announced)}
    return client.post("/x", environ_overrides={**environ, **length}).status_code


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_nobody_wants_is_let_go_by_and_not_kept(
    client: FlaskClient, announced: bool
) -> None:
    body = Body(9_000_000)
    tracemalloc.start()
    try:
        assert _posted(client, body, 9_000_000 if announced else None) == 404
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    # All of it: a sender may not listen before it has sent.
    assert body.left == 0


def test_a_body_that_is_announced_as_too_large_is_not_waited_for(client: FlaskClient) -> None:
    body = Body(20_000_000)
    assert _posted(client, body, 20_000_000) == 404
    assert body.taken == 0


def test_a_body_of_unknown_length_is_let_go_by_up_to_the_limit_only(client: FlaskClient) -> None:
    body = Body(40_000_000)
    assert _posted(client, body, None) == 404
    assert body.taken <= inbound.MAX_BODY_BYTES + 65_536


def test_a_body_that_a_function_read_is_what_it_got(client: FlaskClient) -> None:
    read = client.post("/read", data=b"x" * 100)
    assert (read.status_code, read.data) == (200, b"x" * 100)
    assert client.post("/read", data=b"x" * 101).status_code == 413
