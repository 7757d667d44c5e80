"""What is quickly accepted, the strict way accepts too, whichever of repeated members is read."""

import dataclasses
import json
import os
import random
import re
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest

from shared import strict_json
from shared.fhir import quick_accept
from shared.fhir.bundle_links import Links
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import answers, quick
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import NO_FILTERS
from shared.fhir.policy.interactions import TABLE, Address
from shared.fhir.quick_accept import Expected
from shared.fhir.references import Compartment
from tests.support.ehr.odd_answers import BASE, Maker
from tests.support.tables import each

ANSWERS = 500_000 if os.environ.get("SOAK") else 4_000
TYPES = ("Observation", "Patient", "Practitioner", "Condition")
COMPARTMENT = Compartment("p1", BASE)


def _address(kind: str, resource_id: str = "") -> Address:
    interaction = next(one for one in TABLE if one.kind == kind)
    return Address(interaction, "Observation", resource_id)


def _decision(
    asked: Address, *types: str, open_types: frozenset[str] = frozenset(), **how: Any
) -> Decision:
    covering = dict.fromkeys(types, (NO_FILTERS,))
    return Decision(asked, "patient", (), COMPARTMENT, open_types, covering, **how)


SEARCH, READ, HISTORY = _address("search"), _address("read", "o1"), _address("history", "o1")


def _first(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(members))


READERS: tuple[Callable[[list[tuple[str, Any]]], dict[str, Any]], ...] = (dict, _first)


def _strictly_accepted(body: bytes, links: Links, decision: Decision) -> None:
    """Both readings pass every check of the strict way (raises what it raises), and neither has a
    link of the EHR where those that were found are taken away.
    """
    start, end = links.place or (0, 0)
    without = body[:start] + b"[]" + body[end:] if links.place else body
    for reader in READERS:
        document = json.loads(body, object_pairs_hook=reader)
        answers.check(FhirAnswer(200, {}, body, document, {}), decision)
        if document["resourceType"] == "Bundle":
            assert not json.loads(without, object_pairs_hook=reader).get("link")
            assert document.get("link", []) in ([], list(links.items))


def _quickly(body: bytes, decision: Decision) -> Links | None:
    accept = quick.acceptor(decision)
    assert accept is not None
    links = accept(body)
    with mock.patch.object(quick_accept, "_LARGE_BYTES", 0):
        assert accept(body) == links, "the patient's own decoder accepts the same"
    return links


@each("odd", [0.01, 0.1])
@each(
    "decision",
    [
        _decision(SEARCH, "Observation"),
        _decision(SEARCH, *TYPES),
        _decision(SEARCH, *TYPES, open_types=frozenset({"Condition", "Observation"})),
        _decision(HISTORY, "Observation"),
        _decision(READ, "Observation"),
    ],
    ids=["one type", "more types", "types of any patient", "versions", "a read"],
)
def test_no_answer_is_accepted_that_the_strict_way_refuses(decision: Decision, odd: float) -> None:
    accepted = repeated = 0
    made = ANSWERS // 10
    for seed in range(made):
        maker = Maker(seed, odd)
        body = maker.resource() if decision.address is READ else maker.bundle()
        links = _quickly(body, decision)
        if links is not None:
            accepted += 1
            _strictly_accepted(body, links, decision)
            try:
                strict_json.parse(body)
            except strict_json.RepeatedMember:
                repeated += 1
    # Otherwise the comparison would show nothing.
    assert accepted > made // (50 if odd < 0.05 else 1000)
    sys.stdout.write(
        f"{made} made, {accepted} accepted, {repeated} of them with a repeated member\n"
    )


def _stretched(body: bytes, seed: int) -> bytes:
    """Return a large document in which a word `resourceType` lies across the border of a piece."""
    chance = random.Random(seed)
    words = [one.start() for one in re.finditer(rb"resourcetype", body, re.IGNORECASE)] or [1]
    border = quick_accept._PIECE_BYTES * chance.randint(4, 6) - chance.randrange(1, 12)
    start, end = b'{"filler":"', b'",'
    word = chance.choice(words) - 1
    return start + b"x" * (border - word - len(start + end)) + end + body[1:]


def test_no_large_answer_is_accepted_that_the_strict_way_refuses() -> None:
    decision = _decision(SEARCH, *TYPES, open_types=frozenset({"Condition", "Observation"}))
    accepted = 0
    made = ANSWERS // 10
    for seed in range(made):
        body = _stretched(Maker(seed, 0.03).bundle().lstrip(), seed)
        assert len(body) > quick_accept._LARGE_BYTES - 20
        if (links := _quickly(body, decision)) is not None:
            accepted += 1
            _strictly_accepted(body, links, decision)
    assert accepted > made // 10, accepted


def _bundle(*resources: str, more: str = "") -> bytes:
    entries = ",".join(f'{{"resource":{one}}}' for one in resources)
    return f'{{"resourceType":"Bundle","entry":[{entries}]{more}}}'.encode()


OURS = '{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"}}'


def _observation(subject: str = '{"reference":"Patient/p1"}', more: str = "") -> str:
    return f'{{"resourceType":"Observation","id":"o1","subject":{subject}{more}}}'


@each(
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
    assert _quickly(body, _decision(SEARCH, "Observation"))


@each(
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
    assert not _quickly(body, _decision(SEARCH, "Observation"))


def test_of_a_prefetch_only_the_keys_are_accepted_whose_value_is() -> None:
    values = {"ours": OURS, "theirs": OURS.replace("p1", "p2"), "null": "null"}
    prefetch = ",".join(f'"{key}":{value}' for key, value in values.items())
    expected = dataclasses.replace(PLAIN, is_bundle=False)
    for body, keys in ((f'{{"prefetch":{{{prefetch}}}}}', {"ours"}), ('{"prefetch":1}', set())):
        assert quick_accept.accepted_keys(body.encode(), expected) == keys


@each("types", [("Appointment",), ("Nothing",), ()])
def test_types_that_are_not_told_quickly_are_left_to_the_strict_way(types: tuple[str, ...]) -> None:
    body = _bundle(*(f'{{"resourceType":"{one}"}}' for one in types))
    assert not _quickly(body, _decision(SEARCH, *types))


def test_a_history_of_the_patient_itself_is_left_to_the_strict_way() -> None:
    expected = Expected(frozenset({"Patient"}), frozenset(), COMPARTMENT, is_bundle=True, id="p1")
    assert quick_accept.accept(_bundle('{"resourceType":"Patient","id":"p1"}'), expected) is None


def test_only_the_long_s_is_taken_for_a_letter_of_resource_type() -> None:
    others = map(chr, range(128, sys.maxunicode + 1))
    taken = {one for one in others if one.casefold() in "resourcetype"}
    assert taken == {"ſ"}


def test_what_must_show_that_it_fits_is_never_accepted_quickly() -> None:
    for decision in (_decision(SEARCH, must_show=True), _decision(SEARCH, counts=True)):
        assert quick.acceptor(decision) is None


PLAIN = Expected(
    frozenset({"Observation"}), frozenset(), COMPARTMENT, is_bundle=True, mainly="Observation"
)
MUCH = "[" + "{}," * 300_000 + "{}]"


@each(
    "body",
    [
        _bundle(OURS, more=f',"link":{MUCH}'),
        _bundle(OURS, more=f',"link":[{{"relation":{MUCH},"url":"x"}}]'),
        _bundle(OURS, more=f',"link":[{{"relation":"next","url":{MUCH}}}]'),
        _bundle(OURS, more=',"link":[' + '{"relation":"","url":""},' * 40_000 + "{}]"),
        _bundle(_observation(f'{{"reference":{MUCH}}}')),
        _bundle(_observation(MUCH)),
        _bundle(f'{{"resourceType":"","refused":{MUCH}}}'),
        _bundle(f'{{"resourceType":{MUCH}}}'),
        _bundle(MUCH),
        _bundle(OURS).replace(b"[", MUCH[:-1].encode() + b",", 1),
    ],
    ids=lambda _: "",
)
def test_what_would_fill_the_memory_is_refused_before_it_is_decoded(body: bytes) -> None:
    quick_accept.accept(_bundle(OURS), PLAIN)
    tracemalloc.start()
    try:
        assert quick_accept.accept(body, PLAIN) is None
        assert tracemalloc.get_traced_memory()[1] < len(body) // 2
    finally:
        tracemalloc.stop()


def test_what_fits_takes_few_times_its_bytes() -> None:
    least = '{"resourceType":"Observation","subject":{"reference":"Patient/p1"}}'
    body = _bundle(*[least] * 20_000)
    tracemalloc.start()
    try:
        assert quick_accept.accept(body, PLAIN) is not None
        assert tracemalloc.get_traced_memory()[1] < 4 * len(body)
    finally:
        tracemalloc.stop()


@each("before", [0, 10_000, 100_000])
@each("space", ["", " \n"])
def test_links_are_found_wherever_they_stand(before: int, space: str) -> None:
    link = {"relation": "next", "url": f"{BASE}?page=2"}
    filled = _observation(more=f',"valueString":"é{"x" * before}"')
    body = _bundle(filled, more=f',"link"{space}:{space}[{json.dumps(link)}]{space}')
    links = quick_accept.accept(body, PLAIN)
    assert links is not None
    assert links.items == (link,)
    assert links.place is not None
    assert json.loads(body[slice(*links.place)]) == [link]


def test_far_links_beside_another_member_of_that_name_are_left_to_the_strict_way() -> None:
    filled = _observation(more=f',"link":[{{"relation":"self","url":"x"}}],"x":"{"x" * 10_000}"')
    more = f',"link":[{{"relation":"next","url":"{BASE}?page=2"}}]'
    assert quick_accept.accept(_bundle(filled, more=more), PLAIN) is None


@each("large", [0, 1_000_000])
def test_answers_for_several_patients_are_read_side_by_side(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_accept, "_LARGE_BYTES", large)
    bodies = {
        patient: _bundle(*[OURS.replace("p1", patient)] * 50)
        for patient in ("p1", "p2", "p3", "p4", "p5", "p6")
    }

    def wrong(patient: str) -> int:
        expected = dataclasses.replace(PLAIN, compartment=Compartment(patient, BASE))
        return sum(
            (quick_accept.accept(body, expected) is not None) != (of == patient)
            for _ in range(50)
            for of, body in bodies.items()
        )

    with ThreadPoolExecutor(len(bodies)) as threads:
        assert sum(threads.map(wrong, bodies)) == 0


def test_for_more_types_than_fhir_has_no_decoder_is_made() -> None:
    made = quick_accept._decoder.cache_info()
    for types, opened in ((151, 0), (1, 151)):
        expected = Expected(
            frozenset(f"Type{n}" for n in range(types)),
            frozenset(f"Type{n}" for n in range(opened)),
            COMPARTMENT,
            is_bundle=True,
        )
        body = b'{"resourceType": "Bundle", "entry": []}'
        assert quick_accept.accept(body, expected) is None
    assert quick_accept._decoder.cache_info() == made
