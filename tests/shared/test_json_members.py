"""Third-party JSON: missing or malformed values read as empty."""

from shared import json_members
from tests.support.tables import each


def test_an_object_is_read_and_anything_else_is_none() -> None:
    assert json_members.document(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert json_members.document('{"a": 1}') == {"a": 1}
    for body in (b"", b"[]", b"null", b'"a"', b"{", b"\xff", b"[" * 100_000, b"9" * 10_000):
        assert json_members.document(body) is None


@each("value", [None, 1, True, "x", ["x"], {"a": 1}])
def test_each_form_is_read_as_itself_and_every_other_as_empty(value: object) -> None:
    assert json_members.fields(value) == (value if isinstance(value, dict) else {})
    assert list(json_members.items(value)) == (value if isinstance(value, list) else [])
    assert json_members.text(value) == (value if isinstance(value, str) else "")


def test_of_a_list_the_objects_are_taken_and_of_a_text_the_spaces_left() -> None:
    assert json_members.objects([{"a": 1}, None, "b", {}]) == [{"a": 1}, {}]
    assert json_members.objects({"a": 1}) == []
    assert json_members.text(" a b\n") == "a b"
