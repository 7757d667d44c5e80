"""JSON that every reader understands alike."""

import json
import sys
import tracemalloc
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import strict_json
from shared.oidc import jws
from shared.strict_json import RepeatedMember
from simulator.charts.outpatients import alma
from simulator.charts.parts import chart_text
from tests.support.tables import each


def test_a_plain_document_is_read() -> None:
    assert strict_json.parse('{"é": [1, null, true]}'.encode()) == {"é": [1, None, True]}


# Only a document of this size is parsed the fast way.
_LONG = b" " * 40_000


@each(
    "text",
    [
        *('{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]', '{"a":":","a" :"a\\":"}'),
        *('{"a": "\\u0022:", "a": "\\u0022:"}', '{"a": 1, "a": "\\u0022:"}', '{"a" : 1, "a": 1}'),
    ],
)
def test_a_member_that_comes_twice_is_told_apart_at_any_depth(text: str) -> None:
    for body in (text.encode(), text.encode() + _LONG):
        with pytest.raises(RepeatedMember):
            strict_json.parse(body)


_NAMES = st.sampled_from(["a", "b", "\\u0061", 'a\\":', "a\\\\", " :", "\\u0022:", "a\\u005c"])
_OBJECTS = st.recursive(
    st.sampled_from(["1", '":"', '"a\\":"', '" :"', '"\\u0022:"', "1.5", "1e999", str(2**70)]),
    lambda inner: st.lists(
        st.tuples(_NAMES, st.sampled_from(["", " ", "\t", "\n", "\r "]), inner), max_size=4
    ).map(lambda some: "{" + ",".join(f'"{name}"{gap}:{one}' for name, gap, one in some) + "}"),
)


@given(_OBJECTS)
def test_a_document_is_refused_exactly_if_one_of_its_objects_repeats_a_name(text: str) -> None:
    repeated = []

    def noted(members: list[tuple[str, object]]) -> dict[str, object]:
        repeated.append(len(dict(members)) < len(members))
        return dict(members)

    expected = json.loads(text, object_pairs_hook=noted)
    for body in (text.encode(), text.encode() + _LONG):
        with pytest.raises(RepeatedMember) if any(repeated) else nullcontext():
            assert strict_json.parse(body) == expected


@each(
    "body",
    [b"", b'{"a": NaN}', b"-Infinity", b'"\xff"', b"{'a': 1}", b"[" * 200_000],
    ids=["nothing", "nan", "infinity", "not utf-8", "not json", "deep"],
)
def test_what_is_no_json_to_every_reader_is_refused(body: bytes) -> None:
    for one in (body, body + _LONG):
        with pytest.raises(ValueError, match=r".") as refused:
            strict_json.parse(one)
        assert not isinstance(refused.value, RepeatedMember)


def test_a_token_of_any_length_is_parsed_without_the_libraries_that_callback_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    assert strict_json.parse(b"{}".ljust(jws.MAX_LENGTH * 3 // 4)) == {}
    with pytest.raises(ImportError):
        strict_json.parse(b"{}" + _LONG)


@each("piece", [b"[],", b"{},", b'"ab",', b"1.5,", b'{"a":1},'])
def test_a_document_that_would_grow_beyond_measure_is_never_made(piece: bytes) -> None:
    body = b"[" + piece * (5_000_000 // len(piece)) + b"1]"
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="too many values"):
            strict_json.parse(body)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_chart_of_any_length_is_read() -> None:
    made = json.loads(chart_text(alma()))
    body = json.dumps(made * (2_000_000 // len(json.dumps(made))), separators=(",", ":")).encode()
    assert len(body) > 1_000_000
    assert len(strict_json.parse(body)) > 10
