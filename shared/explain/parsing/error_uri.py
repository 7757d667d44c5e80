"""Parse Oracle Health's `error_uri`, which is never followed.

`https://HOST/errors/URN/instances/ID?persona=…&client=…&tenant=…`, encoded once, twice or not at
all. All three keys are optional (captured responses: docs/oracle-health.md).
"""

import re
from urllib.parse import parse_qs

from shared.explain.model import EhrMessage
from shared.explain.parsing import texts, urns
from shared.explain.parsing.find import known_urns

_FORM = re.compile(
    r"(?:https?://[^/\s]{1,255})?/errors/(?P<urn>[^/?\s]{1,300})"
    r"(?:/instances/(?P<instance>[^/?#\s]{1,128}))?(?:\?(?P<query>[^#\s]{0,2000}))?"
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_PERSONA = re.compile(r"[a-z]{1,20}")


def read(uri: str) -> EhrMessage:
    """Return what looks like a name or an id in an `error_uri`, and nothing for another vendor's.

    Never raises.
    """
    match = _FORM.match(texts.levels(uri)[-1].strip()) if uri else None
    if match is None:
        return EhrMessage()
    query = parse_qs(match["query"] or "", max_num_fields=20) if match["query"] else {}
    persona = query.get("persona", [""])[0].lower()
    return EhrMessage(
        urn=urns.find(match["urn"], known_urns())[0],
        instance=_id(match["instance"]),
        persona=persona if _PERSONA.fullmatch(persona) else None,
        client=_id(query.get("client", [""])[0]),
        tenant=_id(query.get("tenant", [""])[0]),
    )


def _id(value: str | None) -> str | None:
    """Return an id, or None if it looks like a secret."""
    named = value is not None and _ID.fullmatch(value) is not None
    return value if named and not texts.looks_like_a_secret(value or "") else None
