"""Ten thousand damaged messages: never an exception, never a secret, never a sign that steers."""

import html
import random
from collections.abc import Callable
from urllib.parse import quote, unquote

from doctor import explain, explain_report
from shared.explain import Diagnosis, Registered, diagnose, parse
from tests.support import ehr_messages as m

COUNT = 10_000
REGISTERED = Registered(
    key="oracle",
    vendor="oracle",
    client_id="f010a897-b662-4152-bb22-b87bcd3cba54",
    scopes=tuple(m.FIRST_SCOPES.split()),
    iss=(m.BASE,),
    redirect_uri="https://smart.example.org/callback",
)
SECRETS = (
    "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJlLW1hZGUtdXA",
    "aB3dE6gH9kLmNoPqRsTuVwXyZ",
)
NAMES = ("code", "state", "access_token", "refresh_token", "client_secret", "code_verifier")
SIGNS = "%25%3A:/?&=\"'\\<>\x00\x1b\x9b[]{}\u202e\u200b\n\r\t ÿ€😀#`*"

Mutation = Callable[[random.Random, str], str]


def with_secret(chance: random.Random, text: str) -> str:
    """The message with a secret put where such messages have theirs."""
    secret, name = chance.choice(SECRETS), chance.choice(NAMES)
    forms = (
        f"{name}={secret}&{text}",
        f"{text}&{name}={secret}",
        f'{{"{name}":"{secret}","said":{text}}}',
        f"{text}\n{name}: {secret}",
        f"Authorization: Bearer {secret}\n{text}",
        f"{text}\nCookie: __Host-launch-x={secret}",
    )
    return chance.choice(forms)


def cut(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] if chance.random() < 0.5 else text[at:]


def dropped(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.randrange(1, 6) :]


def added(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(SIGNS) * chance.randrange(1, 4) + text[at:]


def changed(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chr(chance.randrange(0x250)) + text[at + 1 :]


def doubled(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[max(0, at - 40) :]


def joined(chance: random.Random, text: str) -> str:
    return text + chance.choice(("&", "\n", " ", "")) + chance.choice(m.MESSAGES)


def encoded(chance: random.Random, text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe=chance.choice(("", ":/", "=&")))


def decoded(_: random.Random, text: str) -> str:
    return unquote(text)


def cased(chance: random.Random, text: str) -> str:
    return chance.choice((str.upper, str.lower, str.swapcase))(text)


def escaped(chance: random.Random, text: str) -> str:
    return chance.choice((html.escape, repr))(text)


MUTATIONS: tuple[Mutation, ...] = (
    *(cut, dropped, added, changed, doubled, joined),
    *(encoded, decoded, escaped, dropped, added, changed),
)


def everything_shown(found: Diagnosis) -> str:
    return explain.as_json(found) + explain_report.as_text(found, "oracle") + repr(found.said)


def test_ten_thousand_mutations_end_well() -> None:
    chance = random.Random(7)
    known = 0
    for _ in range(COUNT):
        text = with_secret(chance, chance.choice(m.MESSAGES))
        for _ in range(chance.randrange(1, 4)):
            text = chance.choice(MUTATIONS)(chance, text)
        if chance.random() < 0.1:
            text = cased(chance, text)
        found = diagnose(parse(text), None, chance.choice(([], [REGISTERED])))
        known += bool(found.causes)
        shown = everything_shown(found)
        low = shown.lower()
        assert not [one for one in SECRETS if one.lower() in low], ascii(text)
        assert all(sign.isprintable() or sign == "\n" for sign in shown), ascii(text)
    # Mutations that leave nothing to explain would test nothing.
    assert known > COUNT // 2
