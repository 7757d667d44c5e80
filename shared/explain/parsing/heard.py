"""What an EHR said to the app itself: the parameters, the status and the body of its answer.

RFC 6749 4.1.2.1 (the redirect), 5.2 (the token endpoint), RFC 6750 3 (the FHIR server). Nothing is
put together to be taken apart again: only a pasted text is searched (parse.py).
"""

import re
from collections.abc import Mapping

from shared import json_members
from shared.explain.model import EhrMessage
from shared.explain.parsing import error_uri, texts, urns
from shared.explain.parsing.find import known_urns
from shared.explain.parsing.parse import LONGEST_DESCRIPTION, LONGEST_TEXT, parse
from shared.explain.parsing.vendor import vendor_of

_CODE = re.compile(r"[A-Za-z][A-Za-z_]{2,39}")
_LONGEST_SHOWN = 500


def at_redirect(parameters: Mapping[str, str]) -> EhrMessage:
    """The answer at the redirect URI: its `error`, `error_description` and `error_uri`, decoded.

    Never raises. Everything in the result is bounded and printable; no secret is in it.
    """
    return _said(
        error=parameters.get("error", ""),
        description=parameters.get("error_description", ""),
        uri=parameters.get("error_uri", ""),
        words="\n".join(f"{name}={value}" for name, value in parameters.items()),
    )


def at_token_endpoint(status: int | None, body: str) -> EhrMessage:
    """A refusal of the token endpoint: JSON with `error`, or whatever else stands there."""
    members = json_members.document(body) or {}
    texts_ = {name: value for name, value in members.items() if isinstance(value, str)}
    return _said(
        error=texts_.get("error", ""),
        description=texts_.get("error_description", ""),
        uri=texts_.get("error_uri", ""),
        words=body,
        status=status,
    )


def at_fhir_server(status: int, words: str) -> EhrMessage:
    """A refusal of the FHIR server: the words of its body and of its WWW-Authenticate header.

    Their form is each server's own, so they are read as a text is.
    """
    said = parse(words)
    return EhrMessage(
        **{name: getattr(said, name) for name in EhrMessage.__slots__} | {"status": status}
    )


def shown(words: str) -> str:
    """The EHR's words for a page: decoded, without what may be a secret in them."""
    return parse(words).text[:_LONGEST_SHOWN]


def _said(
    *, error: str, description: str, uri: str, words: str, status: int | None = None
) -> EhrMessage:
    named = error_uri.read(uri)
    ids = frozenset(one.lower() for one in (named.client, named.tenant, named.instance) if one)
    plain = _plain(words, ids)
    urn_and_end = urns.find(plain, known_urns())
    urn = named.urn or (urn_and_end[0] if urn_and_end is not None else None)
    return EhrMessage(
        vendor=vendor_of(urn, plain),
        urn=urn,
        oauth_error=error.lower() if _CODE.fullmatch(error) else None,
        description=_plain(description, ids).replace("\n", " ").strip()[:LONGEST_DESCRIPTION]
        or None,
        instance=named.instance,
        persona=named.persona,
        client=named.client,
        tenant=named.tenant,
        status=status,
        text=plain[:LONGEST_TEXT],
    )


def _plain(words: str, ids: frozenset[str]) -> str:
    return texts.without_random(texts.levels(words)[-1], ids)
