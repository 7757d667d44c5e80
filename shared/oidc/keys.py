"""Fetch the keys that verify an EHR's id_tokens and CDS Hooks calls (RFC 7517).

Keys for id_tokens come from the `jwks_uri` of the SMART configuration, or otherwise from the OpenID
Connect document of the accepted issuer (OpenID Connect Core 10.1.1; Discovery 1.0, section 4), and
only from the EHR's own hosts. Keys for CDS Hooks come from one configured URL (`jku`), which is
used unchanged. No key comes from a URL in a token.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from shared import json_members, urls
from shared.config.settings import Ehr
from shared.document_cache import DocumentCache
from shared.errors import ADMINISTRATOR, CdsKeysUnavailable, KeysUnreadable
from shared.oidc.jwk_set import KeySet, key_set, size
from shared.outbound import http_client
from shared.patterns import pattern
from shared.smart import discovery

SECONDS = 5.0
# During a CDS Hooks call, a clinician is waiting at the chart.
PINNED_SECONDS = 2.0
MAX_BYTES = 1_000_000
KEEP_SECONDS = 3600.0
_MOST_KEYS = 200
_ISSUER = pattern(r"https?://[^?#]+")
_ASK_OPERATOR = (
    "Launch the app again in a minute. If that doesn't help, ask the EHR's operator for its "
    "jwks_uri. Without the EHR's keys, the app can't verify who the user is."
)
_ADD_HOST = (
    "If the EHR's operator confirms that the host belongs to the EHR, add it to "
    "`endpoint_hosts` in the [[ehr]] entry."
)
_SET_ISSUER = (
    "If the EHR's operator confirms the stated issuer, set it as `id_token_issuer` in the "
    "[[ehr]] entry."
)


class Keys:
    """Fetches the keys of each registration. Caches keys for 1 hour, and failures for 5 seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._sets = DocumentCache[KeySet](KEEP_SECONDS, clock, size)
        self._uris = DocumentCache[str](KEEP_SECONDS, clock)

    def find(self, ehr: Ehr, base: str, *, jwks_uri: str | None, issuer: str | None) -> KeySet:
        """Return the keys of an EHR with this FHIR base. Raise KeysUnreadable if they're
        unavailable.

        Without a `jwks_uri`, look it up in the OpenID Connect document of `issuer`.
        """
        if jwks_uri is None:
            jwks_uri = self._jwks_uri(ehr, base, issuer)
        url = _on_hosts(ehr, base, jwks_uri, "jwks_uri")
        return self._sets.get((ehr.key, url), lambda: _read_keys(ehr, url, SECONDS))

    def may_renew(self, ehr: Ehr, known: KeySet) -> bool:
        """Return whether `renew` would fetch the keys: it hasn't done so for 30 seconds."""
        return self._sets.may_renew((ehr.key, known.url))

    def renew(self, ehr: Ehr, known: KeySet) -> KeySet:
        """Fetch the keys again, for a token that no key in `known` matches.

        If that was done less than 30 seconds ago, return the cached keys.
        """
        return self._sets.renew((ehr.key, known.url), lambda: _read_keys(ehr, known.url, SECONDS))

    def at_jku(self, ehr: Ehr, url: str, kid: str) -> KeySet:
        """Return the keys at a configured URL (`jku`). Raise CdsKeysUnavailable.

        If `kid` isn't among the cached keys, fetch them again, at most once in 30 seconds.
        """
        fetched: list[KeySet] = []

        def read() -> KeySet:
            fetched.append(_read_pinned(ehr, url))
            return fetched[-1]

        key = ("jku", ehr.key, url)
        known = self._sets.get(key, read)
        return known if fetched or known.names(kid) else self._sets.renew(key, read)

    def _jwks_uri(self, ehr: Ehr, base: str, issuer: str | None) -> str:
        if issuer is None or not _ISSUER.fullmatch(issuer):
            raise KeysUnreadable(
                why="The EHR's SMART configuration names neither its keys (jwks_uri) nor an "
                "issuer that the app could get them from.",
                steps=(_ASK_OPERATOR, ADMINISTRATOR),
            )
        _on_hosts(ehr, base, issuer, "issuer")
        return self._uris.get((ehr.key, base, issuer), lambda: _read_jwks_uri(ehr, base, issuer))


def _on_hosts(ehr: Ehr, base: str, url: str, name: str) -> str:
    """Return the URL if it's on the EHR's hosts, and https if the FHIR base is."""
    try:
        host = urls.authority(url) if urls.is_plain(url) and "#" not in url else None
    except ValueError:
        host = None
    if host is None:
        why = f"The EHR's {name} isn't a plain http(s) URL."
        raise KeysUnreadable(why=why, steps=(_ASK_OPERATOR, ADMINISTRATOR))
    evidence = {"host": host}
    if host not in discovery.allowed_hosts(ehr, base):
        why = f"The EHR's {name} is on a host that isn't configured, {host}."
        raise KeysUnreadable(why=why, steps=(_ADD_HOST, ADMINISTRATOR), evidence=evidence)
    if base.startswith("https:") and not url.lower().startswith("https:"):
        why = f"The EHR's {name} isn't https."
        raise KeysUnreadable(why=why, steps=(_ASK_OPERATOR, ADMINISTRATOR), evidence=evidence)
    return url


def _read_pinned(ehr: Ehr, url: str) -> KeySet:
    try:
        return _read_keys(ehr, url, PINNED_SECONDS)
    except KeysUnreadable as error:
        # In the log lines of refused calls, `reason` is the problem with the token.
        evidence = dict(error.evidence or {})
        evidence["answer"] = evidence.pop("reason", "")
        raise CdsKeysUnavailable(evidence=evidence) from None


def _read_keys(ehr: Ehr, url: str, seconds: float) -> KeySet:
    members = _fetch(ehr, url, seconds).get("keys")
    if not isinstance(members, list) or len(members) > _MOST_KEYS:
        raise _unread(
            url, f"the response has no list of at most {_MOST_KEYS} keys", "not a key set"
        )
    return key_set(url, members)


def _read_jwks_uri(ehr: Ehr, base: str, issuer: str) -> str:
    url = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
    document = _fetch(ehr, url, SECONDS)
    stated, uri = document.get("issuer"), document.get("jwks_uri")
    if stated != issuer:
        raise KeysUnreadable(
            why="The OpenID Connect document of the EHR's issuer states a different issuer.",
            steps=(_SET_ISSUER, ADMINISTRATOR),
            cause="tenant_mismatch",
            evidence={"document": url, "expected_issuer": issuer},
            shown={"issuer": stated[:500]} if isinstance(stated, str) else None,
        )
    if not isinstance(uri, str):
        raise _unread(url, "the OpenID Connect document has no jwks_uri", "no jwks_uri")
    return _on_hosts(ehr, base, uri, "jwks_uri")


def _fetch(ehr: Ehr, url: str, seconds: float) -> Mapping[str, Any]:
    try:
        response = http_client.send(
            "GET",
            url,
            seconds=seconds,
            max_bytes=MAX_BYTES,
            headers={"Accept": "application/json"},
            ca_file=ehr.ca_file,
        )
    except http_client.OutboundError as error:
        raise _unread(url, "there was no usable response", str(error)) from None
    if response.status != 200:
        status = f"status {response.status}"
        raise _unread(url, f"the EHR returned {status}", status)
    document = json_members.document(response.body)
    if document is None:
        raise _unread(url, "the response isn't a JSON object", "not a JSON object")
    return document


def _unread(url: str, what: str, reason: str) -> KeysUnreadable:
    return KeysUnreadable(
        why=f"The keys that verify the EHR's id_token couldn't be read: {what}.",
        steps=(_ASK_OPERATOR, ADMINISTRATOR),
        evidence={
            "document": url.partition("?")[0],
            "host": urls.authority(url),
            "reason": reason,
        },
    )
