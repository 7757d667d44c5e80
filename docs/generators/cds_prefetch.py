"""The prefetch templates for docs/cds-hooks.md, to copy: those of discovery."""

import json

from docs.generators import blocks
from functions.cds_services import discovery

NAME = "prefetch templates"


def into(text: str) -> str:
    """The document with the block as it is now."""
    block = json.dumps(dict(discovery.templates()), indent=2)
    return blocks.put(text, NAME, f"```json\n{block}\n```\n")
