"""Applies a JSON Patch to a resource (RFC 6902, with RFC 6901 pointers)."""

from typing import Any

import jsonpatch
import jsonpointer

_POINTERS = ("path", "from")


class PatchError(ValueError):
    """The patch is invalid or doesn't apply to the document; the message has the reason."""


def apply(patch: Any, document: Any) -> Any:
    """Return a document changed by all operations, or raise PatchError and change nothing."""
    if not isinstance(patch, list):
        raise PatchError("a patch must be a list of operations")
    for operation in patch:
        if not isinstance(operation, dict):
            raise PatchError("an operation must be an object")
        if "" in (operation.get(name) for name in _POINTERS):
            # An empty pointer would replace the whole resource, which is an update.
            raise PatchError("a pointer must select a part of the resource")
    try:
        return jsonpatch.apply_patch(document, patch)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise PatchError(str(error) or type(error).__name__) from None
