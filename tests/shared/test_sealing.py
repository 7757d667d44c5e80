"""Sealing: two keys and a context, all three needed; nothing altered opens."""

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.sealing import SealBroken, Sealer
from tests.support.tables import each

SERVER, OLD_SERVER = bytes(range(32)), bytes(range(32, 64))
SECRET, CONTEXT = b"browser-secret", "session handle 1"
PLAINTEXT = b'{"access_token":"a"}'


@pytest.fixture
def sealer() -> Sealer:
    return Sealer((SERVER,))


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_what_was_sealed_opens_with_both_keys_and_the_context(sealer: Sealer) -> None:
    assert sealer.open(sealer.seal(PLAINTEXT, SECRET, CONTEXT), SECRET, CONTEXT) == PLAINTEXT
    assert sealer.open(sealer.seal(b"", SECRET, CONTEXT), SECRET, CONTEXT) == b""


def test_the_seal_is_aes_gcm_under_hkdf_of_server_key_and_secret(sealer: Sealer) -> None:
    """RFC 5869 by hand: extract with the server key as salt, expand with the context."""
    data = _decode(sealer.seal(PLAINTEXT, SECRET, CONTEXT))
    extracted = hmac.digest(SERVER, SECRET, hashlib.sha256)
    key = hmac.digest(extracted, CONTEXT.encode() + b"\x01", hashlib.sha256)
    assert AESGCM(key).decrypt(data[:12], data[12:], CONTEXT.encode()) == PLAINTEXT


def test_a_seal_is_url_safe_and_never_the_same_twice(sealer: Sealer) -> None:
    seals = {sealer.seal(PLAINTEXT, SECRET, CONTEXT) for _ in range(50)}
    assert len(seals) == 50
    assert all(seal.replace("-", "").replace("_", "").isalnum() for seal in seals)


@each(
    ("server", "secret", "context"),
    [
        (OLD_SERVER, SECRET, CONTEXT),
        (SERVER, b"browser-secret2", CONTEXT),
        (SERVER, b"", CONTEXT),
        (SERVER, SERVER, CONTEXT),
        (SERVER, SECRET, "session handle 2"),
        (SERVER, SECRET, "session other 1"),
        (SERVER, SECRET, "page handle Observation"),
        (SERVER, SECRET, ""),
    ],
)
def test_nothing_opens_with_another_key_secret_or_context(
    sealer: Sealer, server: bytes, secret: bytes, context: str
) -> None:
    sealed = sealer.seal(PLAINTEXT, SECRET, CONTEXT)
    with pytest.raises(SealBroken) as caught:
        Sealer((server,)).open(sealed, secret, context)
    # It doesn't say why.
    assert (str(caught.value), caught.value.__cause__) == ("", None)


def test_no_altered_byte_opens(sealer: Sealer) -> None:
    data = _decode(sealer.seal(PLAINTEXT, SECRET, CONTEXT))
    for position in range(len(data)):
        altered = bytearray(data)
        altered[position] ^= 1
        with pytest.raises(SealBroken):
            sealer.open(base64.urlsafe_b64encode(altered).decode(), SECRET, CONTEXT)


@each("sealed", ["", "A", "AAAA", "é", "a b", "%", "=", "A" * 16, "A" * 43])
def test_what_is_no_seal_does_not_open(sealer: Sealer, sealed: str) -> None:
    with pytest.raises(SealBroken):
        sealer.open(sealed, SECRET, CONTEXT)


def test_a_cut_seal_does_not_open(sealer: Sealer) -> None:
    sealed = sealer.seal(PLAINTEXT, SECRET, CONTEXT)
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            sealer.open(sealed[:length], SECRET, CONTEXT)


def test_the_first_key_seals_and_every_key_opens() -> None:
    old = Sealer((OLD_SERVER,)).seal(PLAINTEXT, SECRET, CONTEXT)
    rotated = Sealer((SERVER, OLD_SERVER))
    new = rotated.seal(PLAINTEXT, SECRET, CONTEXT)
    assert rotated.open(old, SECRET, CONTEXT) == PLAINTEXT
    assert Sealer((SERVER,)).open(new, SECRET, CONTEXT) == PLAINTEXT
    with pytest.raises(SealBroken):
        Sealer((OLD_SERVER,)).open(new, SECRET, CONTEXT)


def test_a_tag_tells_equal_texts_from_others_under_every_key() -> None:
    rotated = Sealer((SERVER, OLD_SERVER))
    (of_new,), (of_old,) = (Sealer((key,)).tags("i|s") for key in (SERVER, OLD_SERVER))
    assert rotated.tags("i|s") == (of_new, of_old)
    assert of_new == base64.urlsafe_b64encode(hmac.digest(SERVER, b"i|s", "sha256"))[:8].decode()
    assert len({of_new, of_old, *rotated.tags("i|t")}) == 4
