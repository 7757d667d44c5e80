"""The prefetch templates for docs/cds-hooks.md to copy, the same ones as in discovery."""

import json

from docs.generators import blocks
from functions.cds_services import discovery

NAME = "prefetch templates"


def into(text: str) -> str:
    """Return the document with a new block."""
    block = json.dumps(dict(discovery.templates()), indent=2)
    return blocks.put(text, NAME, f"```json\n{block}\n```\n")
