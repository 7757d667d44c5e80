"""Messages of EHRs, each with a secret in it, damaged at random as by cutting and pasting."""

import html
import random
from collections.abc import Callable
from urllib.parse import quote, unquote

from tests.support.ehr import ehr_messages

SECRETS = (
    "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJlLW1hZGUtdXA",
    "aB3dE6gH9kLmNoPqRsTuVwXyZ",
)
NAMES = ("code", "state", "access_token", "refresh_token", "client_secret", "code_verifier")
SIGNS = "%25%3A:/?&=\"'\\<>\x00\x1b\x9b[]{}\u202e\u200b\n\r\t ÿ€😀#`*"

Mutation = Callable[[random.Random, str], str]


def with_secret(chance: random.Random, text: str) -> str:
    """Put a secret into a message, where such messages have theirs."""
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
    return text + chance.choice(("&", "\n", " ", "")) + chance.choice(ehr_messages.MESSAGES)


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


def damaged(chance: random.Random) -> str:
    """Return a message with a secret, changed up to three times."""
    text = with_secret(chance, chance.choice(ehr_messages.MESSAGES))
    for _ in range(chance.randrange(1, 4)):
        text = chance.choice(MUTATIONS)(chance, text)
    return cased(chance, text) if chance.random() < 0.1 else text
