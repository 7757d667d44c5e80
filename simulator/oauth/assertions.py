"""Checks the signed assertions that authenticate a client with its private key (RFC 7523 sections
2.2 and 3; SMART App Launch 2.2, Client Authentication: Asymmetric, Authentication JWT).
"""

import json
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

import jwt

from simulator.oauth.key_sets import KeySets, KeysUnusableError, find_key
from simulator.oauth.registrations import Registration

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_SECONDS = 300

_ALGORITHMS = ("RS384", "ES384")
_HEADER_MEMBERS = {"alg", "kid", "typ", "jku"}
_CLOCK_SKEW_SECONDS = 30
_LONGEST_JTI = 255


class AssertionInvalidError(Exception):
    """The assertion is refused; the message has the reason, and no part of the assertion."""


class Assertions:
    """Checks assertions and remembers each until it expires, so that none is accepted twice."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._keys = KeySets(clock)
        self._lock = threading.Lock()
        self._used: dict[tuple[str, str], float] = {}

    def check(self, assertion: str, client: Registration, audiences: Collection[str]) -> None:
        """Verify and consume a client's assertion for one of `audiences`, the URLs of endpoints.

        Raises AssertionInvalidError if it's invalid or was already used.
        """
        claims = self._verified(assertion, client)
        if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
            raise AssertionInvalidError("iss and sub must both be the client_id")
        if claims.get("aud") not in audiences:
            raise AssertionInvalidError("aud must be the token endpoint's URL, as a string")
        now = self._clock()
        expires = _number(claims, "exp")
        if not now < expires <= now + LONGEST_SECONDS:
            raise AssertionInvalidError("exp must be in the future, by at most five minutes")
        for name in ("iat", "nbf"):
            if name in claims and _number(claims, name) > now + _CLOCK_SKEW_SECONDS:
                raise AssertionInvalidError(f"{name} is in the future")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 1 <= len(jti) <= _LONGEST_JTI:
            raise AssertionInvalidError(f"jti must be a string of 1 to {_LONGEST_JTI} characters")
        self._use_up((client.client_id, jti), expires)

    def _verified(self, assertion: str, client: Registration) -> Mapping[str, Any]:
        header = _header(assertion)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in _ALGORITHMS:
            raise AssertionInvalidError("alg must be RS384 or ES384")
        if header.get("typ") != "JWT":
            raise AssertionInvalidError("typ must be JWT")
        if not isinstance(key_id, str):
            raise AssertionInvalidError("kid is missing")
        if header.keys() - _HEADER_MEMBERS:
            raise AssertionInvalidError("the header may contain only alg, kid, typ and jku")
        if header.get("jku", client.jwks_url) != client.jwks_url:
            raise AssertionInvalidError("jku isn't the registered jwks_url")
        try:
            keys = client.jwks if client.jwks_url is None else self._keys.at(client.jwks_url)
            key = find_key(keys or {}, key_id, algorithm)
        except KeysUnusableError as error:
            raise AssertionInvalidError(str(error)) from None
        try:
            # This class checks times and names itself, with the EHR's clock.
            payload = jwt.PyJWS().decode(assertion, key, algorithms=[algorithm])
            claims: Mapping[str, Any] = json.loads(payload)
        except (jwt.PyJWTError, ValueError):
            raise AssertionInvalidError("the signature doesn't match the key") from None
        return claims

    def _use_up(self, name: tuple[str, str], expires: float) -> None:
        with self._lock:
            now = self._clock()
            self._used = {one: until for one, until in self._used.items() if now < until}
            if name in self._used:
                raise AssertionInvalidError("jti was already used")
            self._used[name] = expires


def claimed_client(assertion: str) -> str:
    """Return the client id in an assertion, without verifying it.

    Raises AssertionInvalidError if it isn't a JWT or has no client id.
    """
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise AssertionInvalidError("client_assertion isn't a JWT") from None
    subject = claims.get("sub")
    if not isinstance(subject, str):
        raise AssertionInvalidError("sub must be the client_id")
    return subject


def _header(assertion: str) -> Mapping[str, Any]:
    try:
        return jwt.get_unverified_header(assertion)
    except jwt.PyJWTError:
        raise AssertionInvalidError("client_assertion isn't a JWT with a JSON header") from None


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AssertionInvalidError(f"{name} must be a number")
    return value
