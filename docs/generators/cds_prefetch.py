"""Generates the prefetch templates in docs/cds-hooks.md, the same as in discovery."""

import json

from docs.generators import blocks
from functions.cds_services import discovery

NAME = "prefetch templates"


def into(text: str) -> str:
    """Return the document with its block updated."""
    block = json.dumps(dict(discovery.templates()), indent=2)
    return blocks.put(text, NAME, f"```json\n{block}\n```\n")
