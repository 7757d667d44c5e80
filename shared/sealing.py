"""Encrypt with two keys, the server's and the browser's. Neither decrypts anything on its own.

AES-256-GCM (NIST SP 800-38D). HKDF-SHA256 (RFC 5869) derives the key from the server's encryption
key and the secret in the session cookie. So a copy of the database and the server's key is useless
without the cookie, and a stolen cookie is useless without the server.
"""

import hmac
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared import base64url

_NONCE_BYTES = 12


class SealBroken(Exception):
    """No key decrypts the text: the secret or context differs, it was altered, or its key is
    retired.
    """


class Sealer:
    """Encrypts with the first key and decrypts with any, so that keys can be rotated."""

    def __init__(self, sealing_keys: tuple[bytes, ...]) -> None:
        self._keys = sealing_keys

    def seal(self, plaintext: bytes, secret: bytes, context: str) -> str:
        """Encrypt to base64url text that only this secret and this context decrypt."""
        return self.sealing(secret, context)(plaintext)

    def sealing(self, secret: bytes, context: str) -> Callable[[bytes], str]:
        """Return a `seal` for several texts with one secret and context. Derives their key once."""
        cipher = _cipher(self._keys[0], secret, context)

        def seal(plaintext: bytes) -> str:
            nonce = os.urandom(_NONCE_BYTES)
            return base64url.encode(nonce + cipher.encrypt(nonce, plaintext, context.encode()))

        return seal

    def open(self, sealed: str, secret: bytes, context: str) -> bytes:
        """Return the plaintext. Raise SealBroken, without naming the part that didn't match."""
        try:
            data = base64url.decode(sealed)
        except ValueError:
            raise SealBroken from None
        nonce, body = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        for key in self._keys:
            try:
                return _cipher(key, secret, context).decrypt(nonce, body, context.encode())
            except (InvalidTag, ValueError):
                continue
        raise SealBroken

    def tags(self, text: str) -> tuple[str, ...]:
        """Return a tag of 8 characters for each key. Equal texts have equal tags, which don't
        reveal the text.
        """
        digests = (hmac.digest(key, text.encode(), "sha256") for key in self._keys)
        return tuple(base64url.encode(digest)[:8] for digest in digests)


def _cipher(key: bytes, secret: bytes, context: str) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=key, info=context.encode()).derive(secret)
    return AESGCM(derived)
