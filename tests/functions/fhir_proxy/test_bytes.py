"""A Bundle's text passes byte for byte, its page links excepted (FHIR decimals, R4 datatypes)."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.fhir_proxy.rewrite import PageLink, PageLinks
from shared.fhir.bundle_links import Links
from shared.scopes import Level
from shared.sealing import Sealer
from tests.support.app.app import App
from tests.support.app.open_session import FHIR_BASE, access
from tests.support.app.proxy import launched
from tests.support.ehr.scripted_ehr import FHIR_JSON, Scripted
from tests.support.tables import each

PROXY = "https://app.example/fhir_proxy/h"
OURS = PageLinks(access(), b"s" * 43, Sealer((bytes(32),)), "Observation", PROXY)


def _rewritten(text: str, level: Level = "patient") -> str:
    body = OURS.rewritten(text.encode(), level)
    return (body if isinstance(body, bytes) else b"".join(body)).decode()


# Text that parsing and serializing would change.
TELLING = (
    '{ "x" : 1.50,\t"y":100.0,"z":[1e-7, 1E+2,0.1000000000000000055 ,-0.0,-0],\r\n'
    '"n":12345678901234567890 , "t":"\\u00eb\\/ë\\ud83d\\ude00😀\\u2028", "e":{},"f":[ ] ,\n'
    '"link":[{"url":"http://evil.example/"}], "": null,"deep":{"link":[{"url":"x"}]}}'
)


def test_everything_but_the_links_reaches_the_browser_as_the_ehr_sent_it(app: App) -> None:
    launch, tenant = launched(app)
    resource = (
        '{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p1"},"extra":'
        + TELLING
        + "}"
    )
    head = f' {{"resourceType" :"Bundle","entry":[ {{"resource":{resource},"fullUrl":"{tenant.base}'
    head += '/Observation/o"}],\n "link" : '
    tail = ' ,"total":1.0 }\n'
    link = json.dumps([{"relation": "next", "url": f"{tenant.base}?page=2"}])
    answer = Scripted(200, {"Content-Type": FHIR_JSON}, f"{head}{link}{tail}".encode())
    tenant.on("/Observation", answer)
    tenant.on("/Observation/o", Scripted(200, {"Content-Type": FHIR_JSON}, resource.encode()))
    got = launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1").body.decode()
    assert (got[: len(head)], got[-len(tail) :]) == (head, tail)
    (rewritten,) = json.loads(got[len(head) : -len(tail)])
    assert rewritten["url"].startswith(f"{launch.fhir_base}/Observation?_page=")
    read = launch.browser.fetch(f"{launch.fhir_base}/Observation/o")
    assert read.body.decode() == resource


def test_a_bundle_without_links_is_not_touched(app: App) -> None:
    launch, tenant = launched(app)
    body = f'\n{{"resourceType":"Bundle","extra":{TELLING}}}\n'.encode()
    tenant.on("/Observation", Scripted(200, {"Content-Type": FHIR_JSON}, body))
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1").body == body


@each("name", ['"link"', '"\\u006cink"', '"l\\u0069nk"'])
def test_a_link_is_found_however_its_name_is_written(name: str) -> None:
    text = f'{{{name}:[{{"relation":"next","url":"{FHIR_BASE}?x"}}]}}'
    rewritten = _rewritten(text)
    assert rewritten.startswith(f"{{{name}:[")
    assert FHIR_BASE not in rewritten


def test_links_deeper_in_the_bundle_are_left_as_they_are() -> None:
    text = f'{{"entry":[{{"link":[{{"url":"{FHIR_BASE}"}}],"resource":{{"link":[]}}}}]}}'
    assert _rewritten(text) == text


def test_a_bundle_that_is_known_to_have_no_links_is_not_read_again() -> None:
    assert OURS.rewritten(b"{", "patient", known=Links()) == b"{"


SPACE = st.text(" \t\n\r", max_size=2)
NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)
STRINGS = st.one_of(
    st.text(max_size=8).map(json.dumps),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), max_size=8
    ).map(lambda text: f'"{text}"'),
)


def _joined(opening: str, parts: list[str], closing: str, space: str) -> str:
    return opening + space + f"{space},{space}".join(parts) + space + closing


def _object(members: list[tuple[str, str]], space: str) -> str:
    return _joined("{", [f"{name}{space}:{space}{value}" for name, value in members], "}", space)


def _containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.lists(st.tuples(STRINGS, inner), max_size=3)
    arrays = st.builds(_joined, st.just("["), st.lists(inner, max_size=3), st.just("]"), SPACE)
    return st.one_of(arrays, st.builds(_object, members, SPACE))


VALUES = st.recursive(
    st.one_of(NUMBERS, STRINGS, st.sampled_from(["true", "false", "null"])),
    _containers,
    max_leaves=5,
)
MEMBERS = st.lists(
    st.tuples(STRINGS.filter(lambda name: json.loads(name) != "link"), VALUES), max_size=3
)
LINKS: st.SearchStrategy[Any] = st.lists(
    st.fixed_dictionaries(
        {"relation": st.text(max_size=4)},
        optional={
            "url": st.sampled_from([FHIR_BASE, "?page=2", "http://evil.example/", "http://["])
        },
    ),
    max_size=3,
)


@given(before=MEMBERS, links=LINKS, after=MEMBERS, space=SPACE)
def test_no_byte_outside_the_links_changes(
    before: list[tuple[str, str]], links: Any, after: list[tuple[str, str]], space: str
) -> None:
    marked = _object([*before, ('"link"', "\0"), *after], space)
    head, tail = marked.split("\0")
    text = head + json.dumps(links) + tail
    rewritten = _rewritten(text)
    assert rewritten.startswith(head)
    assert rewritten.endswith(tail)
    ours = json.loads(rewritten[len(head) : len(rewritten) - len(tail)])
    kept = [link for link in links if link.get("url") in {FHIR_BASE, "?page=2"}]
    assert [link["relation"] for link in ours] == [link["relation"] for link in kept]


@given(members=MEMBERS, space=SPACE)
def test_an_object_without_links_comes_back_as_it_is(
    members: list[tuple[str, str]], space: str
) -> None:
    text = f"{space}{_object(members, space)}{space}"
    assert _rewritten(text, "user") == text


@each("level", ["patient", "user"])
def test_a_token_opens_to_the_page_it_was_made_of(level: Any) -> None:
    text = _rewritten('{"link":[{"relation":"next","url":"?a=b%20c"}]}', level)
    token = json.loads(text)["link"][0]["url"].removeprefix(f"{PROXY}/Observation?_page=")
    assert OURS.open(token) == PageLink(f"{FHIR_BASE}/Observation?a=b%20c", level)
