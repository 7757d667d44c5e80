"""Finds obvious mistakes in a registration before any EHR is contacted: a FHIR base that's the URL
of a document, and a scope for a type that FHIR R4 doesn't have.
"""

import difflib
from collections.abc import Iterator

from doctor.finding import Checked, fail, warn
from shared.config.settings import Ehr
from shared.fhir.resource_types import RESOURCE_TYPES

DOCUMENTS = ("/metadata", "/.well-known/smart-configuration", "/.well-known/openid-configuration")


def check(ehr: Ehr) -> Iterator[Checked]:
    """Yield each of these mistakes, with the wrong and the correct value."""
    for base in ehr.iss:
        for ending in DOCUMENTS:
            if base.endswith(ending):
                title = f"{base} in `iss` ends in {ending}, but no EHR sends that in a launch."
                fix = f'Write only the FHIR base: "{base.removesuffix(ending)}".'
                yield fail("iss_invalid", title, fix, ehr.key)
    for scope in ehr.scopes:
        level, slash, rest = scope.partition("/")
        kind = rest.partition(".")[0]
        if slash and level in {"patient", "user"} and kind not in {"*", *RESOURCE_TYPES}:
            title = f"{scope} in `scopes`: {kind} isn't a resource type of FHIR R4."
            yield warn("scope_unsupported", title, _instead(scope, kind), ehr.key)


def _instead(scope: str, kind: str) -> str:
    near = difflib.get_close_matches(kind, RESOURCE_TYPES, 1)
    if near:
        return f"Write {scope.replace(kind, near[0], 1)}."
    return "Use a type from https://hl7.org/fhir/R4/resourcelist.html."
