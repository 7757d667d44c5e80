"""Read the file `public_jwks`, the public keys that EHRs fetch from this app (RFC 7517, RFC 7518).

SMART App Launch 2.2, "Registering a client": each key has `kty`, a unique `kid`, and only public
members. The file is served unchanged, so it must not contain anything private.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared import base64url
from shared.config import secret_references
from shared.config.settings import Settings
from shared.config.table import Problem
from shared.frozen import dataclass
from shared.smart.signing_keys import LEAST_RSA_BITS

# RFC 7518 6.2.2, 6.3.2, 6.4.
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_COORDINATE_BYTES: Mapping[str, int] = {"P-256": 32, "P-384": 48, "P-521": 66}


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """A file of public keys that is safe to serve."""

    body: bytes
    keys: tuple[Mapping[str, Any], ...]

    def include(self, jwk: Mapping[str, str]) -> bool:
        """Return whether the file has the key under its `kid`. `use` and `alg` are ignored."""
        members = jwk.keys() - {"use", "alg"}
        return any(all(key.get(name) == jwk[name] for name in members) for key in self.keys)


def load(settings: Settings) -> tuple[PublishedKeys | None, list[Problem]]:
    """Return the keys in `public_jwks`, or None if it isn't set or has a problem."""
    problems: list[Problem] = []
    reference, step = settings.public_jwks, "Mount the file where the launch function runs."
    text = secret_references.read(reference, "public_jwks", problems, step)
    if text is None:
        return None, problems
    try:
        return PublishedKeys(text.encode(), read(text)), []
    except ValueError as error:
        step = (
            "Create the file with `smart-calc doctor jwks` (docs/configuration.md, Keys). If the "
            "file contained a private key, that key is compromised: replace it."
        )
        what = f"{reference} cannot be served: {error}"
        return None, [Problem.at("setting_invalid", "public_jwks", what, step)]


def read(text: str) -> tuple[Mapping[str, Any], ...]:
    """Return the keys of a JWK Set. Raise ValueError with the problem, but without any values."""
    if "PRIVATE KEY-----" in text:
        raise ValueError("it contains a private key")
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON (line {error.lineno})") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    match document:
        case {"keys": list() as keys}:
            pass
        case _:
            raise ValueError("it is not a JSON object with a list `keys`")
    key_ids: set[str] = set()
    for number, key in enumerate(keys, 1):
        fault = _fault(key)
        if fault is not None:
            raise ValueError(f"key {number} {fault}")
        if key["kid"] in key_ids:
            raise ValueError(f"key {number} has the same kid as another key")
        key_ids.add(key["kid"])
    return tuple(keys)


def _object(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Check an object of the file at any depth. Readers disagree about repeated fields."""
    names = [name for name, _ in members]
    private = sorted(PRIVATE.intersection(names))
    if private:
        raise ValueError(f"it contains the private field(s) {', '.join(private)}")
    if len(set(names)) != len(names):
        raise ValueError("an object in it repeats a field")
    return dict(members)


def _fault(key: object) -> str | None:
    if not isinstance(key, dict):
        return "is not an object"
    if not (isinstance(key.get("kid"), str) and key["kid"]):
        return "has no kid"
    if key.get("kty") == "RSA":
        modulus, exponent = _bytes(key.get("n")), _bytes(key.get("e"))
        if int.from_bytes(modulus).bit_length() < LEAST_RSA_BITS or not exponent:
            return f"is not an RSA key of {LEAST_RSA_BITS} bits or more"
        return None
    if key.get("kty") == "EC":
        size = _COORDINATE_BYTES.get(str(key.get("crv")))
        if not all(len(_bytes(key.get(name))) == size for name in ("x", "y")):
            return "is not an EC key on P-256, P-384 or P-521"
        return None
    return "is neither an RSA nor an EC key"


def _bytes(value: object) -> bytes:
    """Decode base64url without padding (RFC 7515 2). Return empty bytes for anything else."""
    if not isinstance(value, str):
        return b""
    try:
        return base64url.decode(value)
    except ValueError:
        return b""
