"""JSON Patch applied to a resource (RFC 6902, with the pointers of RFC 6901)."""

from typing import Any

import jsonpatch
import jsonpointer

_POINTERS = ("path", "from")


class PatchError(ValueError):
    """The patch is none, or does not fit the document; the text says why."""


def apply(patch: Any, document: Any) -> Any:
    """Return a document changed by all operations, or raise PatchError and change nothing."""
    if not isinstance(patch, list):
        raise PatchError("a patch is a list of operations")
    for operation in patch:
        if not isinstance(operation, dict):
            raise PatchError("an operation is an object")
        if "" in (operation.get(name) for name in _POINTERS):
            # The whole resource: that is an update.
            raise PatchError("a pointer must name a part of the resource")
    try:
        return jsonpatch.apply_patch(document, patch)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise PatchError(str(error) or type(error).__name__) from None
