"""Read the message in a response that the app itself received from an EHR.

RFC 6749 4.1.2.1 (the redirect), 5.2 (the token endpoint), RFC 6750 3 (the FHIR server). Parameters
and fields are used directly. parse.py searches pasted texts and FHIR responses.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from shared import json_members
from shared.explain.model import EhrMessage
from shared.explain.parsing import error_uri, texts, urns
from shared.explain.parsing.find import known_urns
from shared.explain.parsing.parse import LONGEST_DESCRIPTION, LONGEST_TEXT, read
from shared.explain.parsing.vendor import seen_in

_CODE = re.compile(r"[A-Za-z][A-Za-z_]{2,39}")
_LONGEST_SHOWN = 500


def at_redirect(parameters: Mapping[str, str]) -> EhrMessage:
    """Return the message at the redirect URI: its decoded `error`, `error_description` and
    `error_uri`.

    Never raises. Everything in the result is bounded and printable, and it contains no secrets.
    """
    words = "\n".join(f"{name}={value}" for name, value in parameters.items())
    return _message(parameters, words)


def at_token_endpoint(status: int | None, body: str) -> EhrMessage:
    """Return the message of the token endpoint: JSON with `error`, or any other text."""
    members = json_members.document(body) or {}
    texts_ = {name: value for name, value in members.items() if isinstance(value, str)}
    return _message(texts_, body, status)


def at_fhir_server(status: int, words: str) -> EhrMessage:
    """Return the message of the FHIR server, in its body and its WWW-Authenticate header.

    Each server formats them in its own way, so they're parsed like a pasted text.
    """
    return replace(read(words), status=status)


def shown(words: str) -> str:
    """Return the EHR's text for display on a page, decoded and without potential secrets."""
    return read(words).text[:_LONGEST_SHOWN]


def _message(fields: Mapping[str, str], words: str, status: int | None = None) -> EhrMessage:
    named = error_uri.read(fields.get("error_uri", ""))
    ids = frozenset(one.lower() for one in (named.client, named.tenant, named.instance) if one)
    plain = _plain(words, ids)
    urn = named.urn or urns.find(plain, known_urns())[0]
    error, description = fields.get("error", ""), fields.get("error_description", "")
    description = _plain(description, ids).replace("\n", " ").strip()
    return replace(
        named,
        vendor=seen_in(urn, plain).first,
        urn=urn,
        oauth_error=error.lower() if _CODE.fullmatch(error) else None,
        description=description[:LONGEST_DESCRIPTION] or None,
        status=status,
        text=plain[:LONGEST_TEXT],
    )


def _plain(words: str, ids: frozenset[str]) -> str:
    return texts.without_random(texts.levels(words)[-1], ids)
