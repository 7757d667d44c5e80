"""The token response, field by field."""

import json
import re
from typing import Any

import pytest

from shared.errors import TokenInvalid
from shared.smart import token_response
from shared.smart.token_response import LaunchContext, TokenResponse
from tests.support.tables import each

GOOD: dict[str, Any] = {"access_token": "abc", "token_type": "Bearer"}
SURROGATE = "\ud800"


def _parse(**members: Any) -> TokenResponse:
    return token_response.parse(json.dumps({**GOOD, **members}).encode(), {})


def test_the_least_answer_leaves_everything_else_open() -> None:
    answer = _parse()
    assert (answer.access_token, answer.refresh_token, answer.scope) == ("abc", None, None)
    assert answer.expires_in == token_response.DEFAULT_LIFE_SECONDS == 300
    assert answer.context == LaunchContext(None, None, None, None, None, None, None)


def test_a_full_answer_is_read_member_by_member() -> None:
    answer = _parse(
        refresh_token="def",
        expires_in=570,
        scope="launch patient/*.rs",
        patient="P-1.a",
        encounter="e1",
        need_patient_banner=False,
        smart_style_url="https://ehr.example/style.json",
        tenant="t",
        intent="reconcile",
        fhirContext=[{"reference": "ImagingStudy/1", "role": "x"}],
    )
    style, item = "https://ehr.example/style.json", {"reference": "ImagingStudy/1", "role": "x"}
    context = LaunchContext("P-1.a", "e1", False, style, "t", "reconcile", (item,))
    scope = ("launch", "patient/*.rs")
    assert answer == TokenResponse("abc", "def", None, 570, scope, context)
    assert not {"abc", "def"} & {*re.findall(r"\w+", repr(answer))}


@each(
    "body",
    [
        *(b"", b"null", b"[]", b'"text"', b"3", b"<html></html>"),
        *(b"access_token=abc&token_type=Bearer", b'{"access_token":"abc","token_type":"Bearer"'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe\x00"),
        b'{"access_token":"abc","token_type":"Bearer","expires_in":' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(TokenInvalid, match="token_invalid"):
        token_response.parse(body, {})


@each(
    "token",
    [
        None,
        "",
        3,
        ["abc"],
        {"a": 1},
        "a b",
        "a\r\nX-Evil: 1",
        "a\n",
        "a\x00",
        "\tabc",
        "é",
        'a"b',
        "a\\b",
        SURROGATE,
        "x" * 16_385,
    ],
)
def test_an_access_token_that_could_split_a_header_is_refused(token: Any) -> None:
    with pytest.raises(TokenInvalid) as caught:
        _parse(access_token=token)
    assert caught.value.why.startswith("In the response, access_token ")


@each("token", ["x" * 16_384, "a.b-c_d~e+f/g==", "{a}|[b]#c%d"])
def test_an_opaque_access_token_of_any_visible_form_is_taken(token: str) -> None:
    assert _parse(access_token=token).access_token == token


@each("token", ["x" * 16_384, 'a "b"\\c', "{a}|[b]#c%d"])
def test_an_opaque_refresh_token_of_any_visible_form_is_taken(token: str) -> None:
    assert _parse(refresh_token=token).refresh_token == token


@each("kind", [None, "", "mac", "DPoP", "Bearer ", "bearer2", 1, ["Bearer"]])
def test_any_other_token_type_is_refused(kind: Any) -> None:
    with pytest.raises(TokenInvalid) as caught:
        _parse(token_type=kind)
    assert caught.value.why == "In the response, token_type isn't Bearer."


@each("kind", ["Bearer", "bearer", "BEARER"])
def test_the_token_type_is_compared_without_case(kind: str) -> None:
    assert _parse(token_type=kind).access_token == "abc"


@each("member", ["patient", "encounter"])
@each(
    "value",
    [
        ".",
        "..",
        "a/b",
        "../x",
        "a b",
        "a_b",
        "a\n",
        "é",
        "x" * 65,
        "Patient/1",
        "a?b",
        "a&b",
        "a%2fb",
        7,
        True,
        ["p1"],
        {"id": "p1"},
    ],
)
def test_an_id_that_is_no_fhir_id_is_refused(member: str, value: Any) -> None:
    with pytest.raises(TokenInvalid) as caught:
        _parse(**{member: value})
    assert caught.value.why == f"In the response, {member} isn't a FHIR id."


@each("value", ["1", "x" * 64, "A-z.9", "...", ".a", "0"])
def test_every_other_fhir_id_is_taken(value: str) -> None:
    assert _parse(patient=value).context.patient == value


@each(
    ("value", "seconds"),
    [
        (None, 300),
        (3600, 3600),
        ("3600", 3600),
        (0.5, 0.5),
        (0, 300),
        ("0", 300),
        (-1, 300),
        ("-1", 300),
        ("", 300),
        ("soon", 300),
        ("٣", 300),
        ("1e3", 300),
        (1e12, 86_400),
        ("9" * 400, 86_400),
        (10**400, 86_400),
        (-(10**400), 300),
        (float("nan"), 300),
        (float("inf"), 86_400),
        (float("-inf"), 300),
        (True, 300),
        ([], 300),
        ({}, 300),
    ],
)
def test_the_life_of_a_token_is_always_a_sensible_number(value: Any, seconds: float) -> None:
    assert _parse(expires_in=value).expires_in == seconds


@each(
    ("scope", "read"),
    [
        (None, None),
        ("", ()),
        ("  ", ()),
        ("a  b", ("a", "b")),
        ("a\tb\nc", ("a", "b", "c")),
        ('a " b\\c é d', ("a", "d")),
    ],
)
def test_the_scope_is_split_and_only_scopes_are_kept(
    scope: str | None, read: tuple[str, ...] | None
) -> None:
    assert _parse(scope=scope).scope == read


@each(
    ("member", "value"),
    [
        ("scope", ["launch"]),
        ("scope", 1),
        ("refresh_token", 1),
        ("refresh_token", SURROGATE),
        ("refresh_token", "é"),
        ("refresh_token", "a\n"),
        ("refresh_token", "x" * 16_385),
        ("id_token", 1),
        ("id_token", {}),
    ],
)
def test_a_member_of_the_wrong_type_is_refused_by_name(member: str, value: Any) -> None:
    with pytest.raises(TokenInvalid) as caught:
        _parse(**{member: value})
    assert member in caught.value.why


@each(
    ("member", "name", "value"),
    [
        ("need_patient_banner", "need_patient_banner", "true"),
        ("need_patient_banner", "need_patient_banner", 1),
        ("smart_style_url", "smart_style_url", {"u": 1}),
        ("smart_style_url", "smart_style_url", "x" * 2049),
        ("smart_style_url", "smart_style_url", "style.json"),
        ("smart_style_url", "smart_style_url", "javascript:alert(1)//https://ehr.example"),
        ("smart_style_url", "smart_style_url", 'https://ehr.example/"><script>'),
        ("smart_style_url", "smart_style_url", "https://ehr.example/a b"),
        ("smart_style_url", "smart_style_url", "https://ehr.example/a\n"),
        ("tenant", "tenant", 5),
        ("intent", "intent", ["a"]),
        ("fhirContext", "fhir_context", "Patient/1"),
        ("fhirContext", "fhir_context", {"reference": "Patient/1"}),
    ],
)
def test_what_is_only_shown_is_left_out_where_it_is_malformed(
    member: str, name: str, value: Any
) -> None:
    assert getattr(_parse(**{member: value}).context, name) is None


def _nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 2):
        value = {"inner": value}
    return {"identifier": value}


def test_context_items_of_known_form_are_kept_and_others_left_out() -> None:
    items = [
        "Encounter/1",
        {"reference": "ImagingStudy/1", "type": "ImagingStudy"},
        {"canonical": "http://ehr.example/q|1"},
        {"identifier": {"system": "s", "value": "v"}, "role": "x"},
        {"reference": "Encounter/3", "role": ""},
        {"role": "launch"},
        {},
        7,
        None,
        ["Encounter/2"],
    ]
    kept = _parse(fhirContext=items).context.fhir_context
    assert kept == ({"reference": "Encounter/1"}, *items[1:4])


@each(
    "item",
    [
        "",
        {"reference": 7},
        {"reference": ""},
        {"reference": None},
        {"canonical": ["http://ehr.example/q"]},
        {"identifier": "s|v"},
        {"reference": "Basic/1", "type": {}},
        {"reference": "Basic/1", "role": 5},
        {"reference": "Basic/1", "identifier": [{"value": "v"}]},
    ],
    ids=str,
)
def test_a_context_item_with_a_member_of_the_wrong_form_is_left_out(item: object) -> None:
    assert _parse(fhirContext=[item, "Basic/2"]).context.fhir_context == ({"reference": "Basic/2"},)


@each("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_json_has_no_way_to_pass_on_is_left_out(number: str) -> None:
    item = '{"identifier": {"extension": [{"valueDecimal": NUMBER}]}}'.replace("NUMBER", number)
    body = (
        '{"access_token": "a", "token_type": "Bearer", "fhirContext": [ITEM, "Basic/2"], '
        '"appContext": ITEM}'
    )
    context = token_response.parse(body.replace("ITEM", item).encode(), {}).context
    assert (context.fhir_context, context.app_context) == (({"reference": "Basic/2"},), None)


def test_context_items_are_bounded_in_number_and_depth() -> None:
    many = _parse(fhirContext=[f"Basic/{n}" for n in range(500)]).context.fhir_context
    assert many is not None
    assert len(many) == 100
    deep = [_nested(5), _nested(10), _nested(11), _nested(300)]
    assert _parse(fhirContext=deep).context.fhir_context == (*deep[:2],)


def test_of_a_context_item_the_known_members_are_kept() -> None:
    known = {"reference": "Basic/1", "canonical": "c|1", "identifier": {}, "type": "t", "role": "r"}
    item = known | {"access_token": "x", "extension": []}
    without = {"reference": "Basic/1", "role": None, "canonical": None}
    kept = _parse(fhirContext=[item, without]).context.fhir_context
    assert kept == (known, {"reference": "Basic/1"})


def test_an_id_token_is_taken_as_it_came() -> None:
    answer = _parse(id_token="a.b.c")
    assert (answer.id_token, "a.b.c" in repr(answer)) == ("a.b.c", False)


def test_an_empty_member_is_none_and_an_unknown_one_is_ignored() -> None:
    empty = dict.fromkeys(("refresh_token", "id_token", "patient", "encounter"), "")
    unknown = {"sim_error": "x", "__proto__": {"a": 1}, "authorization_details": [{}]}
    assert _parse(**empty, **unknown) == _parse()


BASE = "https://ehr.example/r4"


@each(
    ("reference", "kept"),
    [
        ("ImagingStudy/1", "ImagingStudy/1"),
        (f"{BASE}/ImagingStudy/1", "ImagingStudy/1"),
        (f"{BASE}/ImagingStudy/1/_history/2", "ImagingStudy/1/_history/2"),
        ("HTTPS://EHR.example:443/r4/ImagingStudy/1", "ImagingStudy/1"),
        ("http://ehr.example/r4/ImagingStudy/1", "ImagingStudy/1"),
        ("https://ehr.example/R4/ImagingStudy/1", None),
        (f"{BASE}x/ImagingStudy/1", None),
        (f"{BASE}/", None),
        (BASE, None),
        ("https://other.example/r4/ImagingStudy/1", None),
        ("https://ehr.example:8443/r4/ImagingStudy/1", None),
        ("https://ehr.example@other.example/r4/ImagingStudy/1", None),
        ("//ehr.example/r4/ImagingStudy/1", None),
        ("urn:uuid:00000000-0000-4000-8000-000000000000", None),
    ],
)
def test_absolute_references_of_the_context_become_relative_or_are_left_out(
    reference: str, kept: str | None
) -> None:
    answer = _parse(fhirContext=[{"reference": reference, "role": "x"}])
    items = token_response.on_base(answer.context, BASE).fhir_context
    assert items == (() if kept is None else ({"reference": kept, "role": "x"},))


def test_an_item_that_names_something_else_too_stays_without_the_reference() -> None:
    item = {"reference": "https://other.example/Basic/1", "identifier": {"value": "v"}}
    items = token_response.on_base(_parse(fhirContext=[item]).context, BASE).fhir_context
    assert items == ({"identifier": {"value": "v"}},)


def test_what_is_kept_of_a_large_answer_is_bounded() -> None:
    """An answer may have 1 MB, and a document of Firestore little more."""
    large = {"identifier": {"value": "\u00e4" * 12_000}}
    scopes = [f"patient/Observation.rs?code={number:0>200}" for number in range(4_000)]
    answer = _parse(fhirContext=[large] * 9 + ["Basic/1"], scope=" ".join(scopes))
    assert answer.context.fhir_context is not None
    assert len(json.dumps(answer.context.fhir_context)) < 110_000
    assert answer.context.fhir_context[-1] == {"reference": "Basic/1"}
    assert answer.scope is not None
    assert 400 < len(answer.scope) < 500
    assert answer.scope == tuple(scopes[: len(answer.scope)])
