"""The supported interactions, one row each, and the address of a request for one.

FHIR R4 http.html; SMART App Launch 2.2, "Scopes for requesting FHIR resources". Rows define how
interactions differ. Policy, checks and the proxy read them. An interaction without a row isn't
supported.
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
# The rule of patient/ scopes that keeps an interaction within the patient of the launch:
#   `nobody`     it isn't about a patient
#   `answer`     the returned resource is about the patient
#   `search`     the search names the patient, and every resource found is about the patient
#   `versions`   every version returned is about the patient
#   `sent`       the resource sent is about the patient
#   `now`        the current resource is about the patient
#   `now, sent`  both. For a patch, its result counts as sent
PatientRule = Literal["nobody", "answer", "search", "versions", "sent", "now", "now, sent"]
# The response: a resource of the type in the URL, or always the named type.
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
    """One row. `form` is the path below the session. `letter` is the letter of the scope that
    allows it, None if no scope is needed. `parameters` are the only allowed ones. None allows any,
    that is, search parameters.
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
    def has_id(self) -> bool:
        """Whether its path names a resource."""
        return _ID in self.form

    @property
    def is_of_versions(self) -> bool:
        """Whether its response tells which versions a resource has, even if it contains none."""
        return _VERSIONS in self.form

    @property
    def is_write(self) -> bool:
        """Whether it changes something at the EHR."""
        return self.letter in {"c", "u", "d"}

    @property
    def is_paged(self) -> bool:
        """Whether its response may have further pages."""
        return self.answer == "Bundle"

    @property
    def media_types(self) -> tuple[str, ...]:
        """The media types that its body may have. The first one is sent to the EHR."""
        return MEDIA_TYPES[self.body]


_NONE: frozenset[str] = frozenset()
_HISTORY = frozenset({"_at", "_count", "_since"})
_ID = "{type}/{id}"
_VERSIONS = f"{_ID}/_history"

# fmt: off
TABLE: tuple[Interaction, ...] = (
    Interaction("session", "GET", "session", None, "none", "nobody", "ours"),
    Interaction("session", "DELETE", "session", None, "none", "nobody", "ours"),
    Interaction("capabilities", "GET", "metadata", None, "none", "nobody", "CapabilityStatement"),
    Interaction("read", "GET", _ID, "r", "none", "answer", "resource"),
    Interaction("update", "PUT", _ID, "u", "resource", "now, sent", "resource", _NONE),
    Interaction("patch", "PATCH", _ID, "u", "patch", "now, sent", "resource", _NONE),
    Interaction("delete", "DELETE", _ID, "d", "none", "now", "resource", _NONE),
    Interaction("history", "GET", _VERSIONS, "r", "none", "versions", "Bundle", _HISTORY),
    Interaction("vread", "GET", f"{_VERSIONS}/{{version}}", "r", "none", "answer", "resource"),
    Interaction("search", "GET", "{type}", "s", "none", "search", "Bundle"),
    Interaction("create", "POST", "{type}", "c", "resource", "sent", "resource", _NONE),
    Interaction("search", "POST", "{type}/_search", "s", "form", "search", "Bundle"),
)
# fmt: on
READ = next(one for one in TABLE if one.kind == "read")
SEARCH = next(one for one in TABLE if one.kind == "search")
CREATE = next(one for one in TABLE if one.kind == "create")
UPDATE = next(one for one in TABLE if one.kind == "update")


@dataclass(frozen=True, slots=True)
class Address:
    """An interaction with a type, id and version. Each is empty if the interaction has none."""

    interaction: Interaction
    type: str = ""
    id: str = ""
    version: str = ""

    @property
    def kind(self) -> Kind:
        """The kind of interaction."""
        return self.interaction.kind

    @property
    def method(self) -> str:
        """The HTTP method of the request, here and at the EHR."""
        return self.interaction.method

    @property
    def is_write(self) -> bool:
        """Whether it changes something at the EHR."""
        return self.interaction.is_write

    @property
    def path(self) -> str:
        """The path below the FHIR base."""
        return self.interaction.form.format(type=self.type, id=self.id, version=self.version)
