"""Private keys as PEM texts, made once in a run: of the kinds that sign here, and of others."""

import functools
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.support.ehr.id_tokens import rsa_key

Kind = Literal["rsa", "rsa-short", "p384", "p256", "ed25519"]
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@functools.cache
def _key(kind: Kind) -> _Key:
    match kind:
        case "rsa":
            return rsa_key()
        case "rsa-short":
            return rsa.generate_private_key(65537, 2040)
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()


def pem(kind: Kind) -> str:
    """Return the key as unencrypted PKCS#8."""
    return (
        _key(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    )


def encrypted_pem(kind: Kind) -> str:
    """Return the key as PKCS#8 with a password."""
    encryption = BestAvailableEncryption(b"password")
    key = _key(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return key.decode("ascii")


def traditional_pem(kind: Kind) -> str:
    """Return the key as PKCS#1 (RSA) or SEC 1 (EC)."""
    form = PrivateFormat.TraditionalOpenSSL
    return _key(kind).private_bytes(Encoding.PEM, form, NoEncryption()).decode("ascii")


def public_pem(kind: Kind) -> str:
    """Return the public half of the key."""
    form = PublicFormat.SubjectPublicKeyInfo
    return _key(kind).public_key().public_bytes(Encoding.PEM, form).decode("ascii")
