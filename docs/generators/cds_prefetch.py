"""The prefetch templates for docs/cds-hooks.md, to copy: those of discovery."""

import json

from functions.cds_services import discovery

BEGIN = "<!-- prefetch templates: begin -->\n"
END = "<!-- prefetch templates: end -->"


def into(text: str) -> str:
    """The document with the block as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    block = json.dumps(dict(discovery.templates()), indent=2)
    return f"{before}{BEGIN}```json\n{block}\n```\n{END}{after}"
