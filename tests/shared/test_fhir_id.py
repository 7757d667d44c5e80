"""The id of a FHIR resource, as one segment of a path."""

import re

from shared import fhir_id
from tests.support.tables import each


@each("text", ["1", "a-b.C", "...", ".a", "x" * 64])
def test_what_fhir_calls_an_id_is_one(text: str) -> None:
    assert re.fullmatch(fhir_id.PATTERN, text)


@each("text", ["", ".", "..", "a/b", "a_b", "a b", "a\n", "..\n", "é", "x" * 65])
def test_dot_segments_and_other_texts_are_none(text: str) -> None:
    assert not re.fullmatch(fhir_id.PATTERN, text)
