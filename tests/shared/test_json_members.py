"""Third-party JSON: missing or malformed values read as empty."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from shared import json_members
from tests.support.tables import each

BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


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


@each(
    ("charted", "read"),
    [
        ("Ann\nCHA2DS2-VASc 0 (low)", "Ann CHA2DS2-VASc 0 (low)"),
        ("a\r\n\tb\x0b\x0cc\x85d\u2028e\u2029f\u00a0g  h", "a b c d e f g h"),
        ("\x1b[31mred\x1b[0m \x9b1;2Hx\x1b", "red x"),
        ("\x00nul\x07\x7f\x80\x9d", "nul"),
        ("a \u202egnp\u202c.\u2066x\u2069\u200e\u200f\u061c", "a gnp.x"),
        ("\ufeffa\u200b\u00ad\u2060b \x00 c\U000e0041", "ab c"),
        ("half \ud800", "half"),
        # What names, units and values have stays.
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("Zoë Ōta 太田 µmol/L 10⁹", "Zoë Ōta 太田 µmol/L 10⁹"),
    ],
)
def test_a_text_is_one_line_that_controls_nothing(charted: str, read: str) -> None:
    assert json_members.text(charted) == read


@given(st.text())
def test_a_cleaned_text_is_clean_whatever_it_was(charted: str) -> None:
    read = json_members.text(charted)
    assert json_members.text(read) == read
    assert len(read.splitlines()) <= 1
    assert not {unicodedata.bidirectional(one) for one in read} & BIDI
    assert not {unicodedata.category(one) for one in read} & {"Cc", "Cs", "Zl", "Zp"}


def test_of_a_list_the_objects_are_taken_and_of_a_text_the_spaces_left() -> None:
    assert json_members.objects([{"a": 1}, None, "b", {}]) == [{"a": 1}, {}]
    assert json_members.objects({"a": 1}) == []
    assert json_members.text(" a b\n") == "a b"
