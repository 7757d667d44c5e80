"""An issuer's keys and tokens made by hand, proper and forged."""

import base64
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm, get_default_algorithms

from tests.support.ehr import rsa_keys

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@functools.cache
def rsa_key(bits: int = 2048, owner: str = "the issuer") -> rsa.RSAPrivateKey:
    """Return a key, made once in a run for each owner."""
    return rsa_keys.another() if bits == 2048 else rsa.generate_private_key(65537, bits)


def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def public_jwk(key: PrivateKey, **members: object) -> dict[str, Any]:
    """Return the public half of a key as a member of a key set, with additional members."""
    if isinstance(key, rsa.RSAPrivateKey):
        made = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        made = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    made.pop("key_ops", None)
    return made | members


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


@dataclass(frozen=True)
class Raw:
    """JSON text to put into the token unchanged."""

    text: str


def part(content: Mapping[str, object] | Raw) -> str:
    text = content.text if isinstance(content, Raw) else json.dumps(content)
    return base64url(text.encode("utf-8"))


def compact(
    header: Mapping[str, object] | Raw,
    payload: Mapping[str, object] | Raw,
    key: PrivateKey | bytes,
    alg: str,
) -> str:
    """Return a token signed with `alg`, regardless of its header."""
    signed = f"{part(header)}.{part(payload)}"
    signature = get_default_algorithms()[alg].sign(signed.encode("ascii"), key)
    return f"{signed}.{base64url(signature)}"
