"""docs/proxy.md lists the FHIR interactions that are served: every row of the table, no other."""

import re
from pathlib import Path

from shared.fhir.policy.interactions import TABLE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/proxy.md").read_text(encoding="utf-8")
SECTION = re.compile(
    r"^\| request \| FHIR R4 \| scope letter \|\n\|.*\n((?:\|.*\n)+)", re.MULTILINE
)
PLACES = {"{type}": "TYPE", "{id}": "ID", "{version}": "VERSION"}


def test_every_interaction_stands_in_the_document_with_its_scope_letter() -> None:
    match = SECTION.search(TEXT)
    assert match is not None
    documented = []
    for line in match[1].splitlines():
        request, _, letter = (cell.strip() for cell in line.strip("|").split("|"))
        (form, *_) = re.findall(r"`([^`?]+)", request)
        documented.append((form, None if letter == "none" else letter.strip("`")))
    served = []
    for one in TABLE:
        form = one.form
        for name, place in PLACES.items():
            form = form.replace(name, place)
        served.append((f"{one.method} {form}", one.letter))
    assert sorted(documented, key=str) == sorted(served, key=str)
