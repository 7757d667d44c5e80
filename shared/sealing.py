"""Encryption with two keys: the server's and the browser's. Neither decrypts anything on its own.

AES-256-GCM (NIST SP 800-38D), with a key from HKDF-SHA256 (RFC 5869) of the server's encryption key
and the secret in the session's cookie. A copy of the database and the server key decrypts nothing
without the cookie. A stolen cookie decrypts nothing without the server.
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
    """No key decrypts it: other secret, other context, altered, or encrypted with a retired key."""


class Sealer:
    """Encrypts with the first key and decrypts with any, so that keys can be rotated."""

    def __init__(self, sealing_keys: tuple[bytes, ...]) -> None:
        self._keys = sealing_keys

    def seal(self, plaintext: bytes, secret: bytes, context: str) -> str:
        """Encrypt to base64url text that only this secret and this context decrypt."""
        return self.sealing(secret, context)(plaintext)

    def sealing(self, secret: bytes, context: str) -> Callable[[bytes], str]:
        """Return `seal` for several texts of one secret and context, deriving their key once."""
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
        """Return tags that identify equal texts without showing them: 8 characters for each key."""
        digests = (hmac.digest(key, text.encode(), "sha256") for key in self._keys)
        return tuple(base64url.encode(digest)[:8] for digest in digests)


def _cipher(key: bytes, secret: bytes, context: str) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=key, info=context.encode()).derive(secret)
    return AESGCM(derived)
