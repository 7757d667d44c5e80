"""The interactions that are served, a row each, and the address of a request for one.

FHIR R4 http.html; SMART App Launch 2.2, "Scopes for requesting FHIR resources".

This is where one interaction differs from another. Policy, checks and the proxy read the row. An
interaction without a row isn't served.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.outcome import MEDIA_TYPE
from shared.scopes import Letter

Kind = Literal[
    "read",
    "vread",
    "history",
    "search",
    "create",
    "update",
    "patch",
    "delete",
    "capabilities",
    "session",
]
Body = Literal["none", "form", "resource", "patch"]
# What patient/ scopes ask of it, so that it stays with the patient of the launch:
#   nobody     it is about no patient
#   answer     the resource answered is the patient's
#   search     the search names the patient, and every resource found is the patient's
#   versions   every version answered is the patient's
#   sent       the resource sent is the patient's
#   now        the resource as it is now is the patient's
#   now, sent  both; of a patch, what it makes of the resource counts as sent
PatientRule = Literal["nobody", "answer", "search", "versions", "sent", "now", "now, sent"]
# What the answer is: a resource of the type in the address, or always one of the same type.
Answer = Literal["resource", "Bundle", "CapabilityStatement", "ours"]

FORM = "application/x-www-form-urlencoded"
JSON_PATCH = "application/json-patch+json"
MEDIA_TYPES: Mapping[Body, tuple[str, ...]] = {
    "none": (),
    "form": (FORM,),
    "resource": (MEDIA_TYPE, "application/json"),
    "patch": (JSON_PATCH,),
}


@dataclass(frozen=True, slots=True)
class Interaction:
    """One row. `form` is the path below the session; `letter` is that of the scope that allows it,
    None where no scope is needed. Of the `parameters` given it takes these only; None: any, which
    search parameters are.
    """

    kind: Kind
    method: str
    form: str
    letter: Letter | None
    body: Body
    patient_rule: PatientRule
    answer: Answer
    parameters: frozenset[str] | None = None

    @property
    def is_write(self) -> bool:
        """Whether it changes something at the EHR."""
        return self.letter in {"c", "u", "d"}

    @property
    def is_paged(self) -> bool:
        """Whether its answer may have further pages."""
        return self.answer == "Bundle"

    @property
    def media_types(self) -> tuple[str, ...]:
        """The media types that its body may have; the first is the one sent on."""
        return MEDIA_TYPES[self.body]


_NONE: frozenset[str] = frozenset()
_HISTORY = frozenset({"_at", "_count", "_since"})
_ID = "{type}/{id}"

# fmt: off
TABLE: tuple[Interaction, ...] = (
    Interaction("session", "GET", "session", None, "none", "nobody", "ours"),
    Interaction("session", "DELETE", "session", None, "none", "nobody", "ours"),
    Interaction("capabilities", "GET", "metadata", None, "none", "nobody", "CapabilityStatement"),
    Interaction("read", "GET", _ID, "r", "none", "answer", "resource"),
    Interaction("update", "PUT", _ID, "u", "resource", "now, sent", "resource", _NONE),
    Interaction("patch", "PATCH", _ID, "u", "patch", "now, sent", "resource", _NONE),
    Interaction("delete", "DELETE", _ID, "d", "none", "now", "resource", _NONE),
    Interaction("history", "GET", f"{_ID}/_history", "r", "none", "versions", "Bundle", _HISTORY),
    Interaction("vread", "GET", f"{_ID}/_history/{{version}}", "r", "none", "answer", "resource"),
    Interaction("search", "GET", "{type}", "s", "none", "search", "Bundle"),
    Interaction("create", "POST", "{type}", "c", "resource", "sent", "resource", _NONE),
    Interaction("search", "POST", "{type}/_search", "s", "form", "search", "Bundle"),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Address:
    """An interaction with a type, id and version; each is empty if the interaction has none."""

    interaction: Interaction
    type: str = ""
    id: str = ""
    version: str = ""

    @property
    def kind(self) -> Kind:
        """Which interaction it is."""
        return self.interaction.kind

    @property
    def method(self) -> str:
        """The method with which it is asked for, here and at the EHR."""
        return self.interaction.method

    @property
    def is_write(self) -> bool:
        """Whether it changes something at the EHR."""
        return self.interaction.is_write

    @property
    def path(self) -> str:
        """The path below the FHIR base."""
        return self.interaction.form.format(type=self.type, id=self.id, version=self.version)
