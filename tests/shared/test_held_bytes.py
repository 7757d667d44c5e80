"""Large answers: how many are held at once, who waits, who is refused before anything is sent."""

import json
import threading
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any

import pytest

from shared import held_bytes
from shared.config.settings import Settings
from shared.errors import Overloaded, UpstreamTimeout
from shared.fhir import fhir_client
from shared.fhir.access import of_session
from shared.held_bytes import FREE_BYTES, TIMES, Holding
from shared.held_bytes.room import MOST_SESSIONS_WAITING, Room
from shared.inbound.edge import Call, Edge, Reply
from shared.outbound.http_client import Stream
from tests.support.app.edge import respond
from tests.support.app.open_session import EHR, in_use, open_session
from tests.support.ehr.scripted_ehr import FHIR_JSON, Scripted, ScriptedEhr, Tenant, as_fhir

LARGE = 2_000_000
MOST = 3_000_000
ONE_AT_A_TIME = TIMES * MOST
SOON, FAR = 0.05, 30.0


def pieces(size: int) -> Iterator[bytes]:
    while size > 0:
        yield bytes(min(size, 65_536))
        size -= 65_536


def answer(chunks: Iterable[bytes], **headers: str) -> Stream:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Stream(200, named, iter(chunks))


def gather(
    holding: Holding,
    size: int,
    seconds: float = SOON,
    *,
    sent: bool = False,
    is_known: bool = False,
) -> int:
    until = time.monotonic() + seconds
    known = {"content_length": str(size)} if is_known else {}
    return len(holding.gather(answer(pieces(size), **known), MOST, until, sent=sent))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make waiting requests patient, so that none gives up too early on a busy machine."""
    monkeypatch.setattr(held_bytes, "WAIT_SECONDS", FAR)


@pytest.fixture
def room() -> Room:
    return Room(ONE_AT_A_TIME)


def test_small_answers_are_never_held_up(room: Room) -> None:
    gather(Holding(room), LARGE)
    for _ in range(16):
        assert gather(Holding(room), FREE_BYTES) == FREE_BYTES


def test_an_answer_that_comes_byte_by_byte_takes_no_more_memory_than_another(room: Room) -> None:
    size = 200_000
    sent = bytes(range(100, 200)) * (size // 100)
    little = (sent[place : place + 2] for place in range(0, size, 2))
    tracemalloc.start()
    try:
        received = Holding(room).gather(answer(little), MOST, time.monotonic() + FAR, sent=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert received == sent
    assert peak < 3 * size


def test_an_answer_in_pieces_of_all_sizes_is_held_in_their_order(room: Room) -> None:
    sizes = (1, 9000, 8191, 8192, 3, 0, 70_000, 5000, 5000, 2)
    sent = [bytes((number,)) * size for number, size in enumerate(sizes)]
    received = Holding(room).gather(answer(sent), MOST, time.monotonic() + FAR, sent=False)
    assert received == b"".join(sent)


def test_a_large_answer_waits_for_room_until_its_deadline(room: Room) -> None:
    first, second = Holding(room), Holding(room)
    assert gather(first, LARGE) == LARGE
    with pytest.raises(Overloaded):
        gather(second, LARGE)
    assert second.is_empty
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gather, second, LARGE, FAR)
        first.end()
        assert waiting.result() == LARGE


def growing(size: int, stop: threading.Event) -> Iterator[bytes]:
    """An answer that comes slowly: its first bytes at once, its end when it is let go."""
    yield from pieces(size)
    assert stop.wait(FAR)


def of(session: str, room: Room, ehr: str = "ehr") -> Holding:
    made = Holding(room)
    made.admit(session, ehr)
    return made


def test_slow_large_answers_of_one_session_leave_room_for_another() -> None:
    room, stop = Room(TIMES * 8 * MOST), threading.Event()
    with ThreadPoolExecutor(6) as pool:
        until = time.monotonic() + FAR
        slow = [
            pool.submit(
                of("one", room).gather, answer(growing(LARGE, stop)), MOST, until, sent=False
            )
            for _ in range(6)
        ]
        while room.waiting < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert not room.is_full("another", "ehr")
        another = of("another", room)
        assert gather(another, LARGE) == LARGE
        another.end()
        stop.set()
        assert [len(one.result()) for one in slow] == [LARGE] * 6


@pytest.mark.parametrize("is_known", [True, False], ids=["length known", "growing"])
def test_an_answer_that_fits_passes_one_that_stalls(*, is_known: bool) -> None:
    """The stalled one reserves room for everything that it might still send."""
    room, stop = Room(TIMES * (2 * MOST + LARGE)), threading.Event()
    first, second, until = of("one", room), of("two", room), time.monotonic() + FAR
    with ThreadPoolExecutor(2) as pool:
        known = {"content_length": str(MOST)} if is_known else {}
        stalls = answer(growing(MOST, stop), **known)
        stalled = pool.submit(first.gather, stalls, MOST, until, sent=False)
        while room.left == TIMES * (2 * MOST + LARGE) and time.monotonic() < until:
            time.sleep(0.01)
        larger = answer(pieces(2 * MOST), content_length=str(2 * MOST))
        waiting = pool.submit(second.gather, larger, 2 * MOST, until, sent=False)
        while room.waiting < 1 and time.monotonic() < until:
            time.sleep(0.01)
        for ehr in ("ehr", "another"):
            passing = of("three", room, ehr)
            assert gather(passing, LARGE, is_known=is_known) == LARGE
            passing.end()
        assert not waiting.done()
        stop.set()
        assert len(stalled.result()) == MOST
        first.end()
        assert len(waiting.result()) == 2 * MOST


def test_an_answer_takes_room_as_it_grows_and_not_what_it_might_have() -> None:
    room, stop = Room(TIMES * 4 * LARGE), threading.Event()
    most = 4 * LARGE
    with ThreadPoolExecutor(1) as pool:
        until = time.monotonic() + FAR
        slow = pool.submit(
            Holding(room).gather, answer(growing(LARGE, stop)), most, until, sent=False
        )
        while room.left == TIMES * most and time.monotonic() < until:
            time.sleep(0.01)
        assert room.left >= TIMES * (most - LARGE - held_bytes.STEP_BYTES)
        stop.set()
        assert len(slow.result()) == LARGE


def test_answers_that_grow_together_do_not_wait_for_each_other_for_ever() -> None:
    room = Room(TIMES * 2 * MOST)

    def whole() -> int:
        holding = Holding(room)
        try:
            return gather(holding, MOST, FAR)
        finally:
            holding.end()

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(whole) for _ in range(8)]
        assert [one.result() for one in running] == [MOST] * 8
    assert room.left == TIMES * 2 * MOST


def test_an_ehr_of_which_many_sessions_wait_is_refused_and_no_other(room: Room) -> None:
    first = Holding(room)
    gather(first, MOST)

    def whole(session: str) -> int:
        holding = of(session, room)
        try:
            return gather(holding, LARGE, FAR)
        finally:
            holding.end()

    sessions = [str(one) for one in range(MOST_SESSIONS_WAITING)]
    with ThreadPoolExecutor(len(sessions)) as pool:
        running = [pool.submit(whole, one) for one in sessions]
        until = time.monotonic() + FAR
        while not room.is_full("another", "ehr") and time.monotonic() < until:
            time.sleep(0.01)
        with pytest.raises(Overloaded):
            of("another", room)
        of("another", room, "another")
        first.end()
        assert [one.result() for one in running] == [LARGE] * len(sessions)
    of("another", room)


def test_a_wait_for_room_is_shorter_than_the_deadline_of_the_ehr(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_bytes, "WAIT_SECONDS", SOON)
    gather(Holding(room), LARGE)
    with pytest.raises(Overloaded):
        # By its own deadline it would wait for a day.
        gather(Holding(room), LARGE, 86_400)


def test_what_an_answer_did_not_need_is_given_back() -> None:
    enough = Room(TIMES * (MOST + LARGE))
    assert gather(Holding(enough), LARGE) == gather(Holding(enough), LARGE) == LARGE


def test_an_answer_that_is_being_sent_counts_by_its_bytes_alone() -> None:
    shared = Room(TIMES * MOST + LARGE)
    first = Holding(shared)
    gather(first, LARGE)
    first.keep(LARGE)
    assert not first.is_empty
    assert gather(Holding(shared), LARGE) == LARGE


def test_an_answer_that_breaks_off_holds_nothing(room: Room) -> None:
    def breaking() -> Iterator[bytes]:
        yield bytes(LARGE)
        raise ConnectionError

    holding = Holding(room)
    with pytest.raises(ConnectionError):
        holding.gather(answer(breaking()), MOST, time.monotonic() + FAR, sent=False)
    assert holding.is_empty
    assert gather(Holding(room), LARGE) == LARGE


def test_the_answer_to_a_change_that_was_sent_does_not_wait(room: Room) -> None:
    gather(Holding(room), LARGE)
    assert gather(Holding(room), LARGE, sent=True) == LARGE


def test_a_large_body_takes_room_and_is_refused_where_there_is_none(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_bytes, "BODY_SECONDS", SOON)
    first = Holding(room)
    first.body(MOST)
    with pytest.raises(Overloaded):
        Holding(room).body(MOST)
    Holding(room).body(FREE_BYTES)
    # It was admitted with its body: what it reads for it does not wait.
    assert gather(first, LARGE) == LARGE


def test_a_request_that_is_over_takes_nothing_more(room: Room) -> None:
    holding = Holding(room)
    holding.end()
    with pytest.raises(Overloaded):
        gather(holding, LARGE, FAR)


def test_a_thread_that_outlives_its_request_keeps_no_room(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The response to a change that was sent is read, even if no caller waits for it."""
    holding = Holding(room)
    holding.end()
    assert gather(holding, LARGE, sent=True) == LARGE
    monkeypatch.setattr(held_bytes, "_room", room)
    begun = []

    def serve(_: Settings, __: Call) -> Reply:
        begun.append(held_bytes._holding.get())
        return Reply(200)

    respond(serve, edge=Edge("fhir_proxy", "operation_outcome", "fhir_denied"))
    late = begun[0]
    assert late is not None
    assert gather(late, LARGE, sent=True) == LARGE
    waiting = Holding(room)
    take = room.take

    def ended_meanwhile(*arguments: Any) -> None:
        take(*arguments)
        waiting.end()

    monkeypatch.setattr(room, "take", ended_meanwhile)
    with pytest.raises(Overloaded):
        gather(waiting, LARGE)
    assert room.left == ONE_AT_A_TIME


@pytest.fixture
def small_room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Room for one large answer, in place of the process's own."""
    made = Room(ONE_AT_A_TIME)
    monkeypatch.setattr(held_bytes, "_room", made)
    return made


@pytest.fixture
def tenant(scripted: ScriptedEhr) -> Tenant:
    made = scripted.tenant()
    text = "x" * LARGE
    made.on("/Basic/large", as_fhir({"resourceType": "Basic", "id": "large", "language": text}))
    made.on("/Basic/small", as_fhir({"resourceType": "Basic", "id": "small"}))
    return made


def ask(
    tenant: Tenant, name: str, seconds: float = FAR, handle: str = "one"
) -> fhir_client.FhirAnswer:
    opened = open_session(fhir_base=tenant.base, iss=tenant.base, handle=handle)
    access = of_session(in_use(opened, EHR))
    return fhir_client.call(access, "GET", f"{tenant.base}/Basic/{name}", seconds=seconds)


@pytest.mark.usefixtures("small_room")
def test_a_session_of_which_some_wait_is_refused_before_anything_is_sent_and_no_other(
    tenant: Tenant,
) -> None:
    def request(name: str, done: threading.Event | None = None, handle: str = "one") -> int:
        holding = held_bytes.begin()
        answer = ask(tenant, name, handle=handle)
        if done is not None:
            assert done.wait(FAR)
        holding.end()
        return answer.status

    done = threading.Event()
    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(copy_context().run, request, "large", done) for _ in range(5)]
        until = time.monotonic() + FAR
        while not held_bytes._room.is_full("one", tenant.base) and time.monotonic() < until:
            time.sleep(0.01)
        asked = len(tenant.received)
        with pytest.raises(Overloaded):
            copy_context().run(request, "small")
        assert len(tenant.received) == asked == 5
        assert copy_context().run(request, "small", None, "another") == 200
        done.set()
        assert [one.result() for one in running] == [200] * 5
    assert copy_context().run(request, "small") == 200


def test_an_answer_that_stalls_while_it_holds_room_fails_itself(
    small_room: Room, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that brings 19 MB at once, and then a blank each second."""
    monkeypatch.setattr(held_bytes, "PACE_SECONDS", 0.5)
    over = threading.Event()

    def dripping() -> Iterator[bytes]:
        yield b" " * LARGE
        while not over.wait(0.05):
            yield b" "

    tenant.on("/Basic/drip", Scripted(200, {"Content-Type": FHIR_JSON}, dripping()))
    held_bytes.begin()
    with pytest.raises(UpstreamTimeout):
        ask(tenant, "drip")
    over.set()
    assert small_room.left == ONE_AT_A_TIME


@pytest.mark.usefixtures("small_room")
def test_who_finds_no_room_in_time_is_not_told_that_the_ehr_took_too_long(
    tenant: Tenant,
) -> None:
    def first() -> None:
        held_bytes.begin()
        ask(tenant, "large")

    def second() -> None:
        held_bytes.begin()
        with pytest.raises(Overloaded):
            ask(tenant, "large", seconds=0.5)

    copy_context().run(first)
    copy_context().run(second)


@pytest.mark.usefixtures("small_room")
def test_the_ehrs_refusal_of_a_change_does_not_wait(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "x" * LARGE}]}
    tenant.on("/Basic", as_fhir(refusal, 422))
    opened = open_session(fhir_base=tenant.base, iss=tenant.base, access_token="sentinel-" * 2)
    access = of_session(in_use(opened, EHR))

    def change() -> int:
        held_bytes.begin()
        url = f"{tenant.base}/Basic"
        answer = fhir_client.write(access, "POST", url, headers={}, body=b"{}", seconds=FAR)
        return answer.status

    held_bytes.begin()
    ask(tenant, "large")
    monkeypatch.setattr(held_bytes, "WAIT_SECONDS", SOON)
    assert copy_context().run(change) == 422


def test_outside_of_a_request_nothing_takes_room(small_room: Room) -> None:
    Context().run(held_bytes.retain, 2 * ONE_AT_A_TIME)
    assert small_room.left == ONE_AT_A_TIME


def test_an_answer_is_given_back_when_it_has_been_sent(small_room: Room, tenant: Tenant) -> None:
    edge = Edge("fhir_proxy", "operation_outcome", "fhir_denied")

    def serve(_: Settings, __: Call) -> Reply:
        return Reply(200, body=ask(tenant, "large").body)

    before = small_room.left
    response = respond(serve, edge=edge)
    assert small_room.left == before - len(response.data)
    response.close()
    assert small_room.left == before


def test_a_refusal_says_when_to_try_again(
    small_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.held_bytes.room.MOST_WAITING", 0)

    def serve(_: Settings, __: Call) -> Reply:
        held_bytes.admit("one", "ehr")
        return Reply(200)

    response = respond(serve, edge=Edge("fhir_proxy", "operation_outcome", "fhir_denied"))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert json.loads(response.data)["issue"][0]["details"]["coding"][0]["code"] == "overloaded"


def test_a_request_that_went_on_to_the_ehr_is_not_refused_half_way(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change is read before it is made."""
    holding = Holding(room)
    holding.admit("one", "ehr")
    monkeypatch.setattr("shared.held_bytes.room.MOST_WAITING", 0)
    holding.admit("one", "ehr")
    with pytest.raises(Overloaded):
        Holding(room).admit("one", "ehr")
