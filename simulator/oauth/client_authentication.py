"""Authenticates a client at the token and revocation endpoints, only with its registered method
(RFC 6749 section 2.3; RFC 7523 section 3; SMART App Launch 2.2, Client Authentication: Symmetric,
Asymmetric).
"""

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import Headers

from simulator import trace
from simulator.oauth.assertions import (
    ASSERTION_TYPE,
    AssertionInvalidError,
    Assertions,
    claimed_client,
)
from simulator.oauth.registrations import Registration
from simulator.oauth.token_errors import Reason, TokenError

Form = Mapping[str, str]

# The characters of a string in application/x-www-form-urlencoded (RFC 6749 appendix B).
_FORM_ENCODED = re.compile(rb"(?:[A-Za-z0-9*._~+-]|%[0-9A-Fa-f]{2})*")


class ClientAuthentication:
    """The clients of one EHR and the assertions that they used.

    The EHR accepts only `methods`. With `raw_basic`, it doesn't form-decode Basic credentials.
    """

    def __init__(
        self,
        registrations: Mapping[str, Registration],
        clock: Callable[[], float],
        *,
        methods: Collection[str],
        raw_basic: bool,
    ) -> None:
        self._registrations = registrations
        self._methods = methods
        self._raw_basic = raw_basic
        self._assertions = Assertions(clock)

    def authenticate(self, headers: Headers, form: Form, *audiences: str) -> Registration:
        """Return the client that sent a form; `audiences` are the values allowed as an assertion's
        `aud`.

        A confidential client doesn't have to send client_id in the form. If it does, the value must
        match. Raises TokenError with invalid_request for two methods at once or no client_id,
        and with invalid_client for any other failure.
        """
        method = self._method(headers, form)
        claimed, secret = self._claimed(method, headers, form)
        trace.by_client(claimed)
        client = self._registrations.get(claimed)
        if client is None:
            raise _refused("client_id isn't registered with this EHR", method)
        if client.client_auth != method:
            raise _refused(f"this client must authenticate with {client.client_auth}", method)
        if method not in self._methods:
            raise _refused(f"this EHR doesn't accept {method}", method)
        if form.get("client_id", claimed) != claimed:
            raise _refused("client_id differs from the authenticated client", method)
        if method == "private_key_jwt":
            try:
                self._assertions.check(form["client_assertion"], client, audiences)
            except AssertionInvalidError as error:
                raise _refused(str(error), method) from None
        elif method != "none" and not secrets.compare_digest(
            secret.encode(), (client.client_secret or "").encode()
        ):
            raise _refused("the client secret is wrong", method)
        how = "without a secret" if method == "none" else f"with {method}"
        trace.note("right", "client", f"{claimed} authenticates {how}, as registered")
        return client

    def _method(self, headers: Headers, form: Form) -> str:
        used = [
            method
            for method, is_used in (
                ("client_secret_basic", "Authorization" in headers),
                ("client_secret_post", "client_secret" in form),
                ("private_key_jwt", "client_assertion" in form or "client_assertion_type" in form),
            )
            if is_used
        ]
        if len(used) > 1:
            raise TokenError(
                "invalid_request",
                f"more than one client authentication method: {', '.join(used)}",
                reason="invalid-client-credentials",
            )
        return used[0] if used else "none"

    def _claimed(self, method: str, headers: Headers, form: Form) -> tuple[str, str]:
        """Return the claimed client id and its secret."""
        if method == "client_secret_basic":
            try:
                return self._basic(headers)
            except ValueError as error:
                raise _refused(str(error), method, "invalid-authorization-header") from None
        if method == "private_key_jwt":
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise _refused(f"client_assertion_type must be {ASSERTION_TYPE}", method)
            try:
                return claimed_client(form.get("client_assertion", "")), ""
            except AssertionInvalidError as error:
                raise _refused(str(error), method) from None
        if not form.get("client_id"):
            raise TokenError("invalid_request", "client_id is missing")
        return form["client_id"], form.get("client_secret", "")

    def _basic(self, headers: Headers) -> tuple[str, str]:
        """Read Basic credentials (RFC 7617), form-encoded or raw, as the EHR expects."""
        if len(headers.getlist("Authorization")) != 1:
            raise ValueError("more than one Authorization header")
        scheme, _, encoded = headers["Authorization"].partition(" ")
        if scheme.lower() != "basic":
            raise ValueError("the Authorization header must be Basic")
        try:
            name, colon, secret = base64.b64decode(encoded, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            raise ValueError("the Basic credentials aren't base64") from None
        if not colon:
            raise ValueError("the Basic credentials have no colon")
        decoded = [part if self._raw_basic else _form_decoded(part) for part in (name, secret)]
        try:
            return decoded[0].decode(), decoded[1].decode()
        except UnicodeDecodeError:
            raise ValueError("the Basic credentials aren't UTF-8") from None


def _form_decoded(encoded: bytes) -> bytes:
    if _FORM_ENCODED.fullmatch(encoded) is None:
        raise ValueError("client id and secret must be form-encoded before base64 (RFC 6749 2.3.1)")
    return unquote_to_bytes(encoded.replace(b"+", b" "))


def _refused(
    description: str, method: str, reason: Reason = "invalid-client-credentials"
) -> TokenError:
    trace.note("wrong", "client", f"{description} (method used: {method})")
    # RFC 6749 section 5.2: the response must name the scheme that the client tried.
    challenge = {"WWW-Authenticate": 'Basic realm="simulated EHR"'}
    headers = challenge if method == "client_secret_basic" else {}
    return TokenError("invalid_client", description, 401, headers, reason=reason)
