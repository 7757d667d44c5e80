"""A set of public keys for signatures, which chooses the key for a token (RFC 7517).

Some EHRs' sets also have keys for other purposes, which are left out. If a key has no `alg` or
`use`, the key type decides.
"""

from collections.abc import Mapping
from typing import Any

import jwt
from jwt.algorithms import AllowedPublicKeys

from shared.footprint import footprint
from shared.frozen import dataclass
from shared.oidc.jws import ALGORITHMS
from shared.patterns import pattern

_RSA_BITS = range(2048, 8193)
_NUMBER = pattern(r"[A-Za-z0-9_-]{1,1400}={0,2}")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the algorithms that it may verify."""

    kid: str | None
    algorithms: tuple[str, ...]
    public: AllowedPublicKeys


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys at `url`. `doubled` has the key ids that several keys share."""

    url: str
    keys: tuple[Key, ...]
    doubled: frozenset[str]

    def choose(self, alg: str, kid: str | None) -> Key | None:
        """Return the only key that can verify a token with this header, or None."""
        suitable = [key for key in self.keys if alg in key.algorithms and kid in {None, key.kid}]
        return suitable[0] if len(suitable) == 1 else None

    def names(self, kid: str) -> bool:
        """Return whether a usable key has this id."""
        return any(key.kid == kid for key in self.keys)

    def why_not(self, alg: str, kid: str | None) -> str:
        """Return the reason that `choose` finds no key."""
        if kid is None:
            several = any(alg in key.algorithms for key in self.keys)
            which = "several of the EHR's keys are possible" if several else "none of the keys fits"
            return f"The id_token has no key id (kid), and {which}."
        if kid in self.doubled:
            return "The EHR has several keys with the id_token's key id (kid)."
        if self.names(kid):
            return "The key with the id_token's key id (kid) isn't for the token's algorithm."
        return "None of the EHR's usable keys has the id_token's key id (kid)."


def size(key_set: KeySet) -> int:
    """Return the memory size of a set in bytes. For a public key, it's the memory that OpenSSL uses
    after the first verification, as measured: 2.2 kB for RSA 2048, 6.4 kB for RSA 8192, 2.5 kB for
    P-256.
    """
    own = sum(
        2600 + max(0, getattr(key.public, "key_size", 0) - 2048) * 13 // 20 for key in key_set.keys
    )
    return own + footprint(key_set)


def key_set(url: str, members: list[object]) -> KeySet:
    """Return the usable keys among the members of a set from `url`."""
    keys = [key for key in map(_key, members) if key is not None]
    kids = [key.kid for key in keys]
    doubled = frozenset(kid for kid in kids if kid is not None and kids.count(kid) > 1)
    return KeySet(url, tuple(key for key in keys if key.kid not in doubled), doubled)


def _is_for_signatures(member: Mapping[str, Any]) -> bool:
    """Return whether a key is for signatures (RFC 7517 4.2 and 4.3). Some sets list `sign` for a
    public key, although it can only verify.
    """
    operations = member.get("key_ops")
    if isinstance(operations, list) and not any(name in operations for name in ("verify", "sign")):
        return False
    return member.get("use") in (None, "sig")


def _key(member: object) -> Key | None:
    """Return a key that may verify an id_token, or None for a key with another purpose."""
    if not isinstance(member, dict) or not _is_for_signatures(member):
        return None
    kty, kid, alg = member.get("kty"), member.get("kid"), member.get("alg")
    kind = (kty, member.get("crv") if kty == "EC" else None)
    algorithms = tuple(
        name for name, takes in ALGORITHMS.items() if takes == kind and alg in (None, name)
    )
    numbers = {name: member.get(name) for name in (("x", "y") if kty == "EC" else ("n", "e"))}
    if (
        not algorithms
        or not (kid is None or isinstance(kid, str))
        or not all(isinstance(n, str) and _NUMBER.fullmatch(n) for n in numbers.values())
    ):
        return None
    try:
        # Use only the public numbers. A set that discloses private ones can still be used.
        public = jwt.PyJWK({"kty": kty, "crv": kind[1], **numbers}, algorithms[0]).key
    except jwt.PyJWTError:
        return None
    if kty == "RSA" and public.key_size not in _RSA_BITS:
        return None
    return Key(kid, algorithms, public)
