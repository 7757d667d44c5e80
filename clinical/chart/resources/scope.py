"""The resources that count: those of one patient, each id once, in its latest version.

Implements FHIR R4 Resource.meta and the subject of a resource: the same id can arrive on two
pages, and a later version that is entered-in-error withdraws what it replaces.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from clinical.chart.resources.json_access import codings, id_of, source_of, text
from clinical.chart.resources.times import moment
from shared.fhir import compartment
from shared.fhir.references import Compartment, whom
from shared.frozen import dataclass
from shared.json_members import fields, items

Resource = Mapping[str, object]

# The order in which versions without version numbers must have followed each other.
_LATER_STATUS = {"final": 1, "amended": 2, "corrected": 2, "entered-in-error": 3}
_USES = ("MedicationStatement", "MedicationDispense", "MedicationAdministration")
_OF_PATIENTS = ("Observation", "Condition", "MedicationRequest", *_USES)


@dataclass(frozen=True, slots=True)
class Scope:
    """The resources of the patient in context, by type; `foreign` names those set aside.

    `uses` are drug statements, dispenses and administrations, which no search requests.
    `medications` are Medication resources by id; they aren't about a patient. A patient or
    medication has several copies only if the latest one can't be determined.
    """

    patients: tuple[Resource, ...]
    observations: tuple[Resource, ...]
    conditions: tuple[Resource, ...]
    requests: tuple[Resource, ...]
    uses: tuple[Resource, ...]
    medications: Mapping[str, tuple[Resource, ...]]
    foreign: tuple[str, ...]


def scope_of(resources: object, patient_id: str, fhir_base: str | None) -> Scope:
    """Sort any JSON into the resources of one patient; never raises.

    Absolute references count only on `fhir_base`, which is None if the server is unknown.
    """
    known, own = latest_versions(map(fields, items(resources))), Compartment(patient_id, fhir_base)
    of_patient: dict[str, list[Resource]] = defaultdict(list)
    medications: dict[str, list[Resource]] = defaultdict(list)
    foreign = []
    for resource in known:
        kind = text(resource.get("resourceType"))
        if kind in _OF_PATIENTS:
            if _about(resource, own):
                of_patient[kind].append(resource)
            else:
                foreign.append(source_of(resource))
        elif kind == "Medication":
            medications[id_of(resource)].append(resource)
        elif kind == "Patient" and id_of(resource) == patient_id != "":
            of_patient[kind].append(resource)
    return Scope(
        patients=tuple(of_patient["Patient"]),
        observations=tuple(of_patient["Observation"]),
        conditions=tuple(of_patient["Condition"]),
        requests=tuple(of_patient["MedicationRequest"]),
        uses=tuple(use for kind in _USES for use in of_patient[kind]),
        medications={known_id: tuple(copies) for known_id, copies in medications.items()},
        foreign=tuple(sorted(foreign)),
    )


def _about(resource: Resource, own: Compartment) -> bool:
    """Return whether the subject is the patient, without another `focus` (a fetus, a donor)."""
    if compartment.standing(resource, own) != "ours":
        return False
    focus = items(resource.get("focus"))
    return not focus or all(whom(one, own) == "ours" for one in focus)


def latest_versions(resources: Iterable[Resource]) -> list[Resource]:
    """Return each type and id once, in its latest version, and all resources without an id.

    Versions are ordered by `meta.lastUpdated`, `meta.versionId` or status, whichever they all have.
    If copies have none of them, all are kept, because a choice would depend on the page order.
    """
    first: dict[tuple[str, str], Resource] = {}
    repeated: dict[tuple[str, str], list[Resource]] = {}
    kept: list[Resource] = []
    for resource in resources:
        if not (known := id_of(resource)):
            kept.append(resource)
        elif (key := (text(resource.get("resourceType")), known)) in first:
            repeated.setdefault(key, [first[key]]).append(resource)
        else:
            first[key] = resource
    if not repeated:
        return [*kept, *first.values()]
    for key, one in first.items():
        if key not in repeated:
            kept.append(one)
            continue
        latest = _latest(repeated[key], _update_time)
        latest = _latest(latest, _version_number)
        kept.extend(_latest(latest, _status_rank))
    return kept


def _latest(copies: list[Resource], rank: Callable[[Resource], float | None]) -> list[Resource]:
    """Return the latest copies by one criterion, or all copies if one of them lacks it."""
    ranks = [rank(copy) for copy in copies]
    known = [rank for rank in ranks if rank is not None]
    if len(known) < len(copies):
        return copies
    latest = max(known)
    return [copy for copy, rank in zip(copies, known, strict=True) if rank == latest]


def updated(resource: Resource) -> datetime | None:
    """Return `meta.lastUpdated` as an instant."""
    at = moment(fields(resource.get("meta")).get("lastUpdated"), UTC)
    return at.instant if at else None


def _update_time(resource: Resource) -> float | None:
    instant = updated(resource)
    return instant.timestamp() if instant else None


def _version_number(resource: Resource) -> int | None:
    """Return `meta.versionId` if it's a number; servers may use any text."""
    version = text(fields(resource.get("meta")).get("versionId"))
    return int(version) if version.isascii() and version.isdigit() else None


def _status_rank(resource: Resource) -> int:
    statuses = [coding.code for coding in codings(resource.get("verificationStatus"))]
    statuses.append(text(resource.get("status")))
    return max(_LATER_STATUS.get(status, 0) for status in statuses)
