"""The content of a write: its media type, and whether it fits the URL (FHIR R4 http.html, create,
update and patch).

FHIR's media types aren't among those that a page of another site can send without a CORS preflight
(Fetch, "CORS-safelisted request-header"), so others are rejected. The bytes are sent unchanged.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import ParameterInvalid
from shared.fhir import json_patch
from shared.fhir.policy.interactions import Address
from shared.inbound import json_body
from shared.session.record import HANDLE

_FIXED = frozenset({"resourcetype", "id"})
_OURS = re.compile(rf"/fhir_proxy/{HANDLE}")
_COMPARE = "Compare the body with the URL and with FHIR R4 http.html."


@dataclass(frozen=True, slots=True)
class Content:
    """A write's body. `document` is parsed from it, a resource or a JSON Patch. `changed` are the
    elements that a patch changes. A delete has none of them.
    """

    body: bytes | None = None
    document: Any = None
    changed: frozenset[str] = frozenset()


def require_media_type(address: Address, headers: Mapping[str, str]) -> None:
    """Raise MediaTypeUnsupported if the interaction doesn't accept the body's media type."""
    what = f"This interaction ({address.kind})"
    json_body.require_media_type(headers, address.interaction.media_types, what)


def read(address: Address, body: bytes) -> Content:
    """Read the body of a write. Raise ParameterInvalid if it doesn't match the URL."""
    if address.interaction.body == "none":
        return Content()
    document = json_body.parse(body, _COMPARE)
    try:
        # Serialized again, because JSON has other spellings of each letter, such as `\/`.
        plain = json.dumps(document)
    except RecursionError:
        raise refused("is nested too deeply") from None
    if _OURS.search(plain):
        # In the chart, the URL would be meaningless to everyone, and contain a session's handle.
        raise refused("contains a URL of this proxy. Write references as `Type/id`")
    if address.interaction.body == "patch":
        return Content(body, document, _changed(document))
    if not isinstance(document, dict) or document.get("resourceType") != address.type:
        raise refused(f"is not a resource of the type in the URL, {address.type}")
    if address.id and document.get("id") != address.id:
        raise refused("does not have the `id` in the URL")
    return Content(body, document)


def _changed(document: Any) -> frozenset[str]:
    try:
        changed = json_patch.changed_elements(document)
    except ValueError as error:
        raise refused(f"is not a JSON Patch: {error}") from None
    # In any case, as a lenient server reads them.
    if not _FIXED.isdisjoint(name.casefold() for name in changed):
        raise refused("would change the type or id of the resource")
    return changed


def refused(why: str) -> ParameterInvalid:
    """Return the refusal of a body. `why` follows "The body"."""
    return json_body.unusable(f"The body {why}", _COMPARE)
