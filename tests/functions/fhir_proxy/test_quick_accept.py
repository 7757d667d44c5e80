"""What is quickly accepted, the strict way accepts too, whichever of repeated members is read."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from functions.fhir_proxy import address, forward
from functions.fhir_proxy.address import Address
from functions.fhir_proxy.finer_scopes import NO_FILTERS
from functions.fhir_proxy.policy import Decision
from shared import strict_json
from shared.fhir import quick_accept
from shared.fhir.client import FhirAnswer
from shared.fhir.quick_accept import Expected
from tests.support.odd_answers import BASE, Maker

ANSWERS = 500_000 if os.environ.get("SOAK") else 4_000
TYPES = ("Observation", "Patient", "Practitioner", "Condition")


def _address(path: str) -> Address:
    found = address.read("GET", f"/{'h' * 22}/{path}", {})
    assert isinstance(found, Address)
    return found


def _decision(*types: str, open_types: frozenset[str] = frozenset()) -> Decision:
    covering = dict.fromkeys(types, (NO_FILTERS,))
    return Decision("patient", (), "p1", open_types, "Observation", covering)


SEARCH, READ = _address("Observation"), _address("Observation/o1")
HISTORY = _address("Observation/o1/_history")


def _first(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(members))


READERS: tuple[Callable[[list[tuple[str, Any]]], dict[str, Any]], ...] = (dict, _first)


def _strictly_accepted(body: bytes, asked: Address, decision: Decision) -> None:
    """Both readings pass every check of the strict way; raises what it raises."""
    for reader in READERS:
        document = json.loads(body, object_pairs_hook=reader)
        forward.check(FhirAnswer(200, {}, body, document, {}), asked, decision, BASE)


def _quickly(body: bytes, asked: Address, decision: Decision) -> bool:
    accept = forward.acceptor(asked, decision, BASE)
    assert accept is not None
    return accept(body) is not None


@pytest.mark.parametrize("odd", [0.01, 0.1])
@pytest.mark.parametrize(
    ("asked", "decision"),
    [
        (SEARCH, _decision("Observation")),
        (SEARCH, _decision(*TYPES)),
        (SEARCH, _decision(*TYPES, open_types=frozenset({"Condition", "Observation"}))),
        (HISTORY, _decision("Observation")),
        (READ, _decision("Observation")),
    ],
    ids=["one type", "more types", "types of any patient", "versions", "a read"],
)
def test_no_answer_is_accepted_that_the_strict_way_refuses(
    asked: Address, decision: Decision, odd: float
) -> None:
    accepted = repeated = 0
    made = ANSWERS // 10
    for seed in range(made):
        maker = Maker(seed, odd)
        body = maker.resource() if asked is READ else maker.bundle()
        if _quickly(body, asked, decision):
            accepted += 1
            _strictly_accepted(body, asked, decision)
            try:
                strict_json.parse(body)
            except strict_json.RepeatedMember:
                repeated += 1
    # Else the comparison would show nothing.
    assert accepted > made // (50 if odd < 0.05 else 1000)
    sys.stdout.write(
        f"{made} made, {accepted} accepted, {repeated} of them with a repeated member\n"
    )


def _bundle(*resources: str, more: str = "") -> bytes:
    entries = ",".join(f'{{"resource":{one}}}' for one in resources)
    return f'{{"resourceType":"Bundle","entry":[{entries}]{more}}}'.encode()


OURS = '{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"}}'


def _observation(subject: str = '{"reference":"Patient/p1"}', more: str = "") -> str:
    return f'{{"resourceType":"Observation","id":"o1","subject":{subject}{more}}}'


@pytest.mark.parametrize(
    "body",
    [
        _bundle(OURS),
        _bundle(OURS, OURS),
        _bundle(_observation(f'{{"reference":"{BASE}/Patient/p1","display":"One"}}')),
        _bundle(_observation(more=',"valueString":"café 😀 \\u00e9 \\u003cb\\u003e \\n \\""')),
        _bundle(_observation(more=',"code":{"text":"a","text":"b"}')),
        _bundle(OURS, more=',"link":[{"relation":"self","url":"x"}]'),
    ],
)
def test_plain_answers_are_accepted(body: bytes) -> None:
    assert _quickly(body, SEARCH, _decision("Observation"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        _bundle(),
        _bundle("{}"),
        _bundle("null"),
        _bundle('{"resourceType":"","id":"o1"}'),
        _bundle('{"resourceType":"","refused":null}'),
        _bundle('{"resourceType":"","refused":{}}'),
        _bundle('{"resourceType":null,"refused":1}'),
        _bundle(OURS.replace('"Observation"', '"Condition"')),
        _bundle(OURS.replace("p1", "p2")),
        _bundle(_observation("null")),
        _bundle(_observation("[]")),
        _bundle(_observation('{"display":"One"}')),
        _bundle(_observation(more=',"subject":{"reference":"Patient/p2"}')),
        _bundle(_observation(more=',"\\u0073ubject":{"reference":"Patient/p2"}')),
        _bundle(_observation('{"reference":"Patient/p2","reference":"Patient/p1"}')),
        _bundle(_observation('{"reference":"Patient/p1","Reference":"Patient/p2"}')),
        _bundle(_observation(more=',"contained":[{"resourceType":"Patient"}]')),
        _bundle(_observation(more=',"x":{"RESOURCETYPE":"Patient","id":"p2"}')),
        _bundle(_observation(more=',"x":{"\\u0072esourceType":"Patient","id":"p2"}')),
        _bundle(_observation(more=',"x":{"reſourceType":"Patient","id":"p2"}')),
        _bundle(_observation(more=',"x":{"re\\u017FourceType":"Patient","id":"p2"}')),
        _bundle(
            OURS, OURS.replace('"resourceType":"Observation",', ""), more=',"x":"resourceType"'
        ),
        _bundle(OURS, more=',"entry":[]'),
        _bundle(OURS, more=',"link":[],"link":[{"relation":"next","url":"x"}]'),
        _bundle(OURS, more=',"link":null'),
        _bundle(OURS) + b"x",
        _bundle(_observation(more=',"valueString":"?"')).replace(b"?", b"\xff"),
        _bundle(_observation(more=f',"x":{"[" * 100_000}')),
        _bundle(_observation(more=',"x":NaN')),
    ],
)
def test_whatever_is_not_plain_is_left_to_the_strict_way(body: bytes) -> None:
    assert not _quickly(body, SEARCH, _decision("Observation"))


@pytest.mark.parametrize("types", [("Appointment",), ("Nothing",), ()])
def test_types_that_are_not_told_quickly_are_left_to_the_strict_way(types: tuple[str, ...]) -> None:
    body = _bundle(*(f'{{"resourceType":"{one}"}}' for one in types))
    assert not _quickly(body, SEARCH, _decision(*types))


def test_a_history_of_the_patient_itself_is_left_to_the_strict_way() -> None:
    expected = Expected(frozenset({"Patient"}), frozenset(), "p1", BASE, is_bundle=True, id="p1")
    assert quick_accept.accept(_bundle('{"resourceType":"Patient","id":"p1"}'), expected) is None


def test_only_the_long_s_is_taken_for_a_letter_of_resource_type() -> None:
    others = map(chr, range(128, sys.maxunicode + 1))
    taken = {one for one in others if one.casefold() in "resourcetype"}
    assert taken == {"ſ"}


def test_what_must_show_that_it_fits_is_never_accepted_quickly() -> None:
    for how in ({"shown": True}, {"counts": True}):
        decision = Decision("patient", (), "p1", frozenset(), "Observation", {}, **how)
        assert forward.acceptor(SEARCH, decision, BASE) is None


def test_links_that_would_fill_the_memory_are_not_decoded() -> None:
    subject = b'{"resourceType":"Observation","subject":{"reference":"Patient/p1"}}'
    links = b"[" + b"{}," * 400_000 + b"{}]"
    body = b'{"resourceType":"Bundle","link":%b,"entry":[{"resource":%b}]}' % (links, subject)
    expected = Expected(
        frozenset({"Observation"}),
        frozenset(),
        "p1",
        "https://ehr.example.org/fhir",
        is_bundle=True,
    )
    assert quick_accept.accept(body, expected) is None
    few = body.replace(links, b"[{}]")
    assert quick_accept.accept(few, expected) is not None
