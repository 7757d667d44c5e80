"""Call the token endpoint: code exchange, refresh, client credentials, revocation.

SMART App Launch 2.2, steps 5 to 7, and "Backend Services"; RFC 6749 4.1.3, 4.4.2, 5 and 6;
RFC 7009. A request is sent only once, even if it fails, and on its own connection, because a
leftover response on a shared one could contain someone else's tokens.
shared/smart/token_response.py parses the responses.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from shared import json_members
from shared.config.settings import Ehr
from shared.errors import TokenError, TokenInvalid
from shared.outbound import content_type, http_client
from shared.patterns import pattern
from shared.smart.client_auth import ClientAuthentication, Clients
from shared.smart.known_words import known_words
from shared.smart.token_response import TokenResponse, parse

SECONDS = 10.0
REVOKE_SECONDS = 3.0
MAX_BYTES = 1_000_000
_MOST_TEXT = 10_000  # characters
_OAUTH_ERROR = pattern(r"[A-Za-z0-9_.-]{1,64}")
# The headers with the EHR's own ids of a request, for support cases, and the form of an id.
_EHR_IDS = ("cerner-correlation-id", "x-request-id", "opc-request-id")
_EHR_ID = pattern(r"[A-Za-z0-9._:/~=+|{}-]+")
_LONGEST_ID = 200
# The secret parameters of a request. Short values aren't masked: they aren't real secrets, and may
# occur in any text.
_CONFIDENTIAL = ("code", "code_verifier", "refresh_token", "client_secret", "client_assertion")
_LEAST_CONFIDENTIAL = 16
_MEDIA_TYPE = pattern(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,40}")
_TITLE = pattern(r"(?i)<title[^>]{0,200}>([^<]{1,500})</title>")
_TAG = pattern(r"<[^<>]{0,500}>")
_HTML = pattern(rb"(?i)\s*<(?:!doctype\s+html|html)\b")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_MOST_TITLE = 300  # characters
_A_PAGE = (
    "The response is a web page, not JSON. A proxy, a firewall or a login page probably responded "
    "instead of the token endpoint."
)


def exchange(
    token_endpoint: str,
    authentication: ClientAuthentication,
    *,
    code: str,
    redirect_uri: str,
    code_verifier: str,
    ca_file: str | None,
) -> TokenResponse:
    """Exchange an authorization code, once. Raise TokenError or TokenInvalid."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
    }
    return _request(token_endpoint, form, authentication, ca_file)


def refresh(
    token_endpoint: str,
    authentication: ClientAuthentication,
    *,
    refresh_token: str,
    ca_file: str | None,
) -> TokenResponse:
    """Use a refresh token, once, for the scopes that were granted before (RFC 6749 6).

    Raise TokenError (for example with the `oauth_error` `invalid_grant`) or TokenInvalid.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _request(token_endpoint, form, authentication, ca_file)


def client_credentials(
    token_endpoint: str,
    authentication: ClientAuthentication,
    *,
    scopes: Iterable[str],
    ca_file: str | None,
) -> TokenResponse:
    """Request access for a backend service, once. Raise TokenError or TokenInvalid."""
    form = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
    return _request(token_endpoint, form, authentication, ca_file)


class Endpoints(Protocol):
    """The endpoints that issue and revoke the tokens of a launch or a session."""

    @property
    def token_endpoint(self) -> str:
        """The endpoint that issued the tokens."""

    @property
    def revocation_endpoint(self) -> str | None:
        """The endpoint that revokes the tokens, or None if the EHR has none (RFC 7009)."""


def revoke(
    at: Endpoints,
    clients: Clients,
    ehr: Ehr | None,
    *,
    access_token: str | None = None,
    refresh_token: str | None = None,
) -> Mapping[str, str]:
    """Revoke the refresh token at the EHR, which also revokes its access token (RFC 7009 2.1), or
    the access token if there is no refresh token. Try only once.

    Return the log field with the result, or nothing if there is no token.
    """
    token = refresh_token or access_token
    if token is None:
        return {}
    revoked = False
    if ehr is not None and at.revocation_endpoint is not None:
        kind = "refresh_token" if refresh_token else "access_token"
        form = {"token": token, "token_type_hint": kind}
        authentication = clients.authenticate(ehr, at.token_endpoint)
        with contextlib.suppress(http_client.OutboundError):
            response = _send(
                at.revocation_endpoint, form, authentication, ehr.ca_file, REVOKE_SECONDS
            )
            revoked = 200 <= response.status < 300
    return {"revoked": str(revoked).lower()}


def _request(
    token_endpoint: str,
    form: Mapping[str, str],
    authentication: ClientAuthentication,
    ca_file: str | None,
) -> TokenResponse:
    try:
        response = _send(token_endpoint, form, authentication, ca_file, SECONDS)
    except http_client.UnusableBody as error:
        raise TokenInvalid(evidence={"reason": str(error)}) from None
    except http_client.TimedOut:
        why = f"The EHR's token endpoint didn't respond within {SECONDS:g} seconds."
        raise TokenError(why=why, evidence={"reason": "timeout"}) from None
    except http_client.OutboundError as error:
        why = "The connection to the EHR's token endpoint failed or was interrupted."
        raise TokenError(why=why, evidence={"reason": str(error)}) from None
    sent = {**form, **authentication.fields}
    basic = authentication.headers.get("Authorization", "").partition(" ")[2]
    confidential = [basic, *(sent[name] for name in _CONFIDENTIAL if name in sent)]
    evidence = {"status": str(response.status), **ehr_ids(response.headers, confidential)}
    if response.status != 200:
        raise _refusal(response, evidence, confidential)
    if _is_page(response):
        raise TokenInvalid(why=_A_PAGE, evidence=evidence)
    return parse(response.body, evidence)


def _is_page(response: http_client.Answer) -> bool:
    """Return whether a response is HTML, by its first tag, or by its media type and any tag."""
    by_type = content_type.of(
        response.headers
    ) in _HTML_TYPES and response.body.lstrip().startswith(b"<")
    return by_type or _HTML.match(response.body) is not None


def _send(
    endpoint: str,
    form: Mapping[str, str],
    authentication: ClientAuthentication,
    ca_file: str | None,
    seconds: float,
) -> http_client.Answer:
    return http_client.send(
        "POST",
        endpoint,
        seconds=seconds,
        max_bytes=MAX_BYTES,
        headers={
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            **authentication.headers,
        },
        body=urlencode({**form, **authentication.fields}).encode("ascii"),
        ca_file=ca_file,
        own_connection=True,
    )


def ehr_ids(headers: Mapping[str, str], confidential: Collection[str] = ()) -> dict[str, str]:
    """Return the EHR's own correlation ids from response headers, for the log. Use the first of
    several values, and only one that looks like an id and has nothing `confidential` in it.
    """
    first = {name: headers[name].partition(",")[0].strip() for name in _EHR_IDS if name in headers}
    ids = {name: value[:_LONGEST_ID] for name, value in first.items()}
    return {
        name: value
        for name, value in ids.items()
        if _EHR_ID.fullmatch(value) and _without(value, confidential) == value
    }


def _without(text: str, confidential: Collection[str]) -> str:
    """Mask the request's secrets in the EHR's text, because EHRs repeat refused values."""
    for value in confidential:
        if len(value) >= _LEAST_CONFIDENTIAL:
            text = text.replace(value, "…").replace(quote(value, safe=""), "…")
    return text


def _refusal(
    response: http_client.Answer, evidence: dict[str, str], confidential: Collection[str]
) -> TokenError:
    """Return the error for a refused request (RFC 6749 5.2), with any status. The body may contain
    anything, so it's kept only for diagnosis, and isn't logged or shown unchanged. Only known words
    of its message are.
    """
    full_text = _without(response.body.decode("utf-8", "replace"), confidential)
    body, text = json_members.document(full_text), full_text[:_MOST_TEXT]
    words = known_words(_message(body, text))
    if words:
        evidence["said"] = words
    media_type = content_type.of(response.headers)
    if body is None and _MEDIA_TYPE.fullmatch(media_type):
        evidence["media_type"] = media_type
    status, code = response.status, body.get("error") if body else None
    if isinstance(code, str) and _OAUTH_ERROR.fullmatch(code):
        evidence["oauth_error"] = code
        why = f"The EHR's token endpoint returned `{code}`."
    else:
        code = None
        why = f"The EHR's token endpoint responded with status {status} and no error code."
        if 300 <= status < 400:
            why = (
                f"The EHR's token endpoint responded with a redirect (status {status}). The app "
                "never follows such a redirect, because the request contains credentials."
            )
    return TokenError(
        why=why, evidence=evidence, oauth_error=code, response_status=status, response_text=text
    )


def _message(body: Mapping[str, Any] | None, text: str) -> str:
    """Return the message of a refusal: its description, or the title or the text of a gateway's
    page, whose `text` is limited.
    """
    if body is not None:
        return json_members.text(body.get("error_description")) or json_members.text(
            body.get("message")
        )
    title = _TITLE.search(text)
    return _TAG.sub(" ", title[1] if title else text)[:_MOST_TITLE]
