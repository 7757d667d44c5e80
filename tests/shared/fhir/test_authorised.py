"""A request that the EHR refuses with 401: how often, how long and in whose words."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from shared.errors import SessionExpired
from shared.fhir import authorised
from shared.fhir.access import Access, of_session
from shared.outbound import http_client
from tests.support.app.open_session import in_use, open_session
from tests.support.tables import each

UNTIL = 10.0


class Ehr:
    """Answers each request with the same status after some seconds, and repeats its token."""

    def __init__(self, status: int, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.status, self.takes, self.now = status, seconds, 0.0
        self.allowed: list[float] = []
        monkeypatch.setattr(http_client, "stream", self._stream)
        monkeypatch.setattr(authorised, "time", SimpleNamespace(monotonic=lambda: self.now))

    def _stream(self, *_: str, seconds: float, headers: dict[str, str], **__: object) -> object:
        self.allowed.append(seconds)
        self.now += self.takes
        words: Iterator[bytes] = iter((headers["Authorization"].encode(),))
        return http_client.Stream(self.status, {}, words)


def _body(access: Access, url: str = "/x") -> bytes:
    answer = authorised.stream(access, "GET", url, {}, None, UNTIL, is_read=True)
    return b"".join(answer.chunks)


def _renewable(access: Access) -> Access:
    return replace(access, renewed=lambda: _renewable(access))


@each(("token", "told"), [("t" * 15, "t" * 15), ("t" * 16, "…")])
def test_what_may_be_a_token_is_left_out_of_a_refusal(
    token: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ehr(403, 1, monkeypatch)
    access = replace(of_session(in_use(open_session())), token=token)
    assert _body(access) == f"Bearer {told}".encode()


@each(
    ("seconds", "allowed"),
    [(0, [10, 10, 10]), (4, [10, 6, 2]), (9.5, [10, 0.5]), (10, [10])],
)
def test_a_refused_request_is_repeated_twice_if_its_time_allows_it(
    seconds: float, allowed: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ehr = Ehr(401, seconds, monkeypatch)
    _body(_renewable(of_session(in_use(open_session()))))
    assert ehr.allowed == allowed


@each(("seconds", "allowed"), [(1, [10, 5]), (6, [10, 4])])
def test_whether_the_access_is_over_is_asked_for_five_seconds_at_most(
    seconds: float, allowed: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ehr = Ehr(401, seconds, monkeypatch)
    access = of_session(in_use(open_session()))
    with pytest.raises(SessionExpired):
        _body(replace(access, renewed=lambda: None, ended=SessionExpired))
    assert ehr.allowed == allowed
