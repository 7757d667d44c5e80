"""The file of public keys: the app serves it only if no part of it is private."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.config.settings import Settings
from shared.smart import published_keys
from shared.smart.published_keys import PublishedKeys
from shared.smart.signing_keys import read
from tests.support.app.small_settings import small_settings
from tests.support.ehr.signing_keys import pem
from tests.support.tables import each

RSA = dict(read(pem("rsa"), "rsa-1").public_jwk())
EC = dict(read(pem("p384"), "ec-1").public_jwk())


def settings_of(reference: str | None) -> Settings:
    return replace(small_settings(), public_jwks=reference)


def load(folder: Path, text: str) -> tuple[PublishedKeys | None, str]:
    path = folder / "jwks.json"
    path.write_text(text, encoding="utf-8")
    published, problems = published_keys.load(settings_of(f"file:{path}"))
    for problem in problems:
        assert (problem.id, problem.place) == ("setting_invalid", "public_jwks")
        assert problem.title.startswith(f"public_jwks: file:{path} cannot be served: ")
        assert "`smart-calc doctor jwks`" in problem.fix
    (what,) = [
        problem.title.partition("served: ")[2].removesuffix(".") for problem in problems
    ] or [""]
    return published, what


@each("keys", [[], [RSA], [EC], [RSA, EC, {**RSA, "kid": "rsa-2"}]])
def test_any_number_of_public_keys_is_served_as_written(
    tmp_path: Path, keys: list[dict[str, str]]
) -> None:
    text = json.dumps({"keys": keys, "more": 1}, indent=3)
    published, problem = load(tmp_path, text)
    assert problem == ""
    assert published is not None
    assert published.body == text.encode()
    assert published.keys == tuple(keys)


def test_without_the_setting_nothing_is_served() -> None:
    assert published_keys.load(settings_of(None)) == (None, [])


def test_a_file_that_is_not_there_is_a_problem() -> None:
    published, (problem,) = published_keys.load(settings_of("file:/absent"))
    assert published is None
    assert (problem.id, problem.place) == ("secret_unreadable", "public_jwks")


@each("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
@each(
    "place",
    [
        lambda private: {"keys": [EC, {**RSA, **private}]},
        lambda private: {"keys": [RSA], **private},
        lambda private: {"keys": [{**EC, "more": [private]}]},
    ],
    ids=["in a key", "next to the keys", "inside a member"],
)
def test_a_private_member_is_told_by_its_name_only(
    tmp_path: Path, member: str, place: Callable[[dict[str, str]], dict[str, Any]]
) -> None:
    published, problem = load(tmp_path, json.dumps(place({member: "sentinel"})))
    assert published is None
    assert problem == f"it contains the private field(s) {member}"


def _without(key: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in key.items() if name not in names}


FAULTY: list[tuple[object, str]] = [
    ([RSA], "it is not a JSON object with a list `keys`"),
    ({"key": [RSA]}, "it is not a JSON object with a list `keys`"),
    ({"keys": RSA}, "it is not a JSON object with a list `keys`"),
    ({"keys": [RSA, "sentinel"]}, "key 2 is not an object"),
    ({"keys": [_without(RSA, "kid")]}, "key 1 has no kid"),
    ({"keys": [{**RSA, "kid": ""}]}, "key 1 has no kid"),
    ({"keys": [{**RSA, "kid": 7}]}, "key 1 has no kid"),
    ({"keys": [RSA, EC, {**EC, "kid": "rsa-1"}]}, "key 3 has the same kid as another key"),
    ({"keys": [{"kty": "oct", "kid": "a"}]}, "key 1 is neither an RSA nor an EC key"),
    ({"keys": [_without(RSA, "kty")]}, "key 1 is neither an RSA nor an EC key"),
    ({"keys": [{**RSA, "kty": ["RSA"]}]}, "key 1 is neither an RSA nor an EC key"),
    ({"keys": [_without(RSA, "n")]}, "key 1 is not an RSA key of 2048 bits or more"),
    ({"keys": [_without(RSA, "e")]}, "key 1 is not an RSA key of 2048 bits or more"),
    ({"keys": [{**RSA, "n": RSA["n"][:-4]}]}, "key 1 is not an RSA key of 2048 bits or more"),
    ({"keys": [{**RSA, "n": RSA["n"] + "*"}]}, "key 1 is not an RSA key of 2048 bits or more"),
    ({"keys": [_without(EC, "crv")]}, "key 1 is not an EC key on P-256, P-384 or P-521"),
    ({"keys": [{**EC, "crv": "P-256"}]}, "key 1 is not an EC key on P-256, P-384 or P-521"),
    ({"keys": [{**EC, "crv": ["P-384"]}]}, "key 1 is not an EC key on P-256, P-384 or P-521"),
    ({"keys": [_without(EC, "y")]}, "key 1 is not an EC key on P-256, P-384 or P-521"),
]


@each(("document", "what"), FAULTY, ids=range(len(FAULTY)))
def test_a_file_that_is_no_set_of_public_keys_is_a_problem(
    tmp_path: Path, document: object, what: str
) -> None:
    assert load(tmp_path, json.dumps(document)) == (None, what)


@each(
    ("text", "what"),
    [
        (pem("p384"), "it contains a private key"),
        (json.dumps({"keys": [], "note": pem("p384")}), "it contains a private key"),
        ("sentinel", "it is not JSON (line 1)"),
        ('{"keys": [\n', "it is not JSON (line 1)"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"keys": [], "keys": []}', "an object in it repeats a field"),
    ],
    ids=["a key", "a key in a text", "no JSON", "cut", "deep", "twice"],
)
def test_a_text_that_is_no_json_or_hides_something_is_a_problem(
    tmp_path: Path, text: str, what: str
) -> None:
    assert load(tmp_path, text) == (None, what)


@each(
    ("jwk", "held"),
    [
        (RSA, True),
        (_without(RSA, "use", "alg"), True),
        (EC, False),
        ({**RSA, "kid": "rsa-2"}, False),
        ({**RSA, "n": EC["x"]}, False),
    ],
)
def test_a_key_is_held_under_its_own_kid(jwk: dict[str, str], held: bool) -> None:
    assert PublishedKeys(b"", (_without(RSA, "use"),)).include(jwk) is held
