"""The public keys of clients that authenticate with private_key_jwt (SMART App Launch 2.2, Client
Authentication: Asymmetric, Registering a client; RFC 7517).
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

PublicKey = RSAPublicKey | EllipticCurvePublicKey

KEPT_SECONDS = 60

_KEY_TYPES = {"RS384": "RSA", "ES384": "EC"}
_FETCH_SECONDS = 3
_MOST_BYTES = 100_000
_SMALLEST_RSA_BITS = 2048


class KeysUnusableError(Exception):
    """A client's keys can't be fetched, or none of them fits the signature."""


class KeySets:
    """Fetches key sets and caches each for a minute; thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._cache: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def at(self, url: str) -> Mapping[str, Any]:
        """Return the key set at a URL.

        Raises KeysUnusableError if it can't be fetched or isn't a key set.
        """
        with self._lock:
            until, cached = self._cache.get(url, (0.0, {}))
        if self._clock() < until:
            return cached
        fetched = _fetch(url)
        with self._lock:
            self._cache[url] = (self._clock() + KEPT_SECONDS, fetched)
        return fetched


def is_key_set(value: object) -> bool:
    """Return whether a client may be registered with this value as its key set."""
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        return False
    return bool(value["keys"]) and all(_is_registrable(key) for key in value["keys"])


def find_key(keys: Mapping[str, Any], key_id: str, algorithm: str) -> PublicKey:
    """Return the only key in a set with this id for the algorithm, RS384 or ES384.

    Raises KeysUnusableError if there is none, more than one, or it's too weak.
    """
    listed = keys.get("keys")
    fitting = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict)
        and key.get("kid") == key_id
        and key.get("kty") == _KEY_TYPES[algorithm]
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
        and "d" not in key
    ]
    if len(fitting) != 1:
        many = len(fitting)
        raise KeysUnusableError(f"unknown kid: {many} public keys have it and support {algorithm}")
    try:
        key = jwt.PyJWK(fitting[0], algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError):
        raise KeysUnusableError("the key with this kid is malformed") from None
    if isinstance(key, RSAPublicKey) and key.key_size >= _SMALLEST_RSA_BITS:
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP384R1):
        return key
    raise KeysUnusableError("the key with this kid is neither RSA with 2048 bits or more nor P-384")


def _is_registrable(key: object) -> bool:
    if not isinstance(key, dict) or not isinstance(key.get("kid"), str):
        return False
    try:
        for algorithm, key_type in _KEY_TYPES.items():
            if key.get("kty") == key_type:
                find_key({"keys": [key]}, key["kid"], algorithm)
                return True
    except KeysUnusableError:
        return False
    return False


def _fetch(url: str) -> Mapping[str, Any]:
    try:
        keys = json.loads(_body(url))
    except (requests.RequestException, ValueError):
        raise KeysUnusableError("the client's jwks_url doesn't return a key set") from None
    if not isinstance(keys, dict):
        raise KeysUnusableError("the client's jwks_url doesn't return a key set")
    return keys


def _body(url: str) -> bytes:
    """Return the body of a URL that returns 200; empty if it's too long or has another status.

    Use neither proxies from the environment nor redirects, because the keys are at the registered
    URL.
    """
    body = b""
    with requests.Session() as session:
        session.trust_env = False
        with session.get(
            url, timeout=_FETCH_SECONDS, allow_redirects=False, stream=True
        ) as response:
            if response.status_code != 200:
                return b""
            for chunk in response.iter_content(_MOST_BYTES):
                body += chunk
                if len(body) > _MOST_BYTES:
                    return b""
    return body
