"""The EHR's signing keys, its published key set, and the id_tokens that it signs (OpenID Connect
Core 1.0 sections 2 and 3.1.3.6; SMART App Launch 2.2, Scopes for requesting identity data; RFC
7517).
"""

import base64
import hashlib
import threading
from collections.abc import Mapping, Sequence

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from simulator.common.expiring_map import opaque_key

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

# One key per algorithm, because a published key has at most one `alg`.
ALGORITHMS = ("RS256", "RS384", "ES256", "ES384")

_CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1}
_OLDER_GENERATIONS = 1


class _Generation:
    """Keys by algorithm, generated on first use because RSA keys are slow to generate."""

    def __init__(self, name: str, *, is_opaque: bool) -> None:
        self._name = name
        self._opaque = opaque_key() if is_opaque else ""
        self._lock = threading.Lock()
        self._keys: dict[str, PrivateKey] = {}

    def key_id(self, algorithm: str) -> str:
        return self._opaque or f"{self._name}.{algorithm.lower()}"

    def key(self, algorithm: str) -> PrivateKey:
        with self._lock:
            if algorithm not in self._keys:
                self._keys[algorithm] = (
                    ec.generate_private_key(_CURVES[algorithm]())
                    if algorithm in _CURVES
                    else rsa.generate_private_key(65537, 2048)
                )
            return self._keys[algorithm]


class Signer:
    """The keys of one issuer; thread-safe.

    `keys_name_alg`: whether published keys have `alg` and `use`. `algorithms`: the algorithms with
    a key. `has_opaque_ids`: whether a `kid` is base64 with `+`, `/` and `=`, as at Epic; it
    requires a single algorithm.
    """

    def __init__(
        self,
        *,
        keys_name_alg: bool = True,
        algorithms: Sequence[str] = ALGORITHMS,
        has_opaque_ids: bool = False,
    ) -> None:
        self._keys_name_alg = keys_name_alg
        self._algorithms = algorithms
        self._has_opaque_ids = has_opaque_ids
        self._lock = threading.Lock()
        self._rotations = 1
        self._generations = [self._generation()]

    def rotate(self) -> None:
        """Sign with new keys from now on; the previous ones stay published."""
        with self._lock:
            self._rotations += 1
            self._generations = [*self._generations[-_OLDER_GENERATIONS:], self._generation()]

    def key_set(self) -> dict[str, list[dict[str, object]]]:
        """Return the public keys as a JSON Web Key Set, newest first."""
        with self._lock:
            generations = list(self._generations)
        return {
            "keys": [
                self._public(generation, algorithm)
                for generation in reversed(generations)
                for algorithm in self._algorithms
            ]
        }

    def key_id(self, algorithm: str) -> str:
        """Return the `kid` of the current key."""
        with self._lock:
            return self._generations[-1].key_id(algorithm)

    def sign(
        self,
        claims: Mapping[str, object],
        algorithm: str = "RS256",
        headers: Mapping[str, str | None] | None = None,
    ) -> str:
        """Return claims as a JWT; `headers` override the default ones, and None removes one."""
        with self._lock:
            generation = self._generations[-1]
        sent = {"kid": generation.key_id(algorithm), **(headers or {})}
        return jwt.encode(
            dict(claims),
            generation.key(algorithm),
            algorithm,
            headers={name: value for name, value in sent.items() if value is not None},
        )

    def _generation(self) -> _Generation:
        return _Generation(f"simulated-{self._rotations}", is_opaque=self._has_opaque_ids)

    def _public(self, generation: _Generation, algorithm: str) -> dict[str, object]:
        key = generation.key(algorithm)
        public = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
        published: dict[str, object] = dict(public)
        published.pop("key_ops", None)
        published["kid"] = generation.key_id(algorithm)
        if self._keys_name_alg:
            published |= {"use": "sig", "alg": algorithm}
        return published


def at_hash(access_token: str, algorithm: str) -> str:
    """Return the claim that ties an id_token to its access token (OIDC Core 3.1.3.6)."""
    digest = hashlib.new(f"sha{algorithm[2:]}", access_token.encode("ascii")).digest()
    half = digest[: len(digest) // 2]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode("ascii")


def unsigned(claims: Mapping[str, object]) -> str:
    """Return claims as a JWT with alg none, which no client should accept."""
    return jwt.encode(dict(claims), "", "none")
