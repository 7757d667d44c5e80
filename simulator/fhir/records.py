"""The charts plus everything that clients wrote since this EHR started, in memory, with all
versions of each resource (FHIR R4, HTTP: create, update, delete, history).

The original charts never change. Removing the writes restores them. The EHR's HTML pages always
show the original patients.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.charts.resources import Charts, PatientSummary, Resource

_MOST_VERSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource.

    `method`: the HTTP method that created it. `when`: time of creation, in UTC. `patient`: id of
    the resource's patient (of the last version, for a deletion); None if it belongs to no patient.
    `resource`: None for a deletion.
    """

    number: str
    method: str
    when: datetime
    patient: str | None
    resource: Resource | None


class FullError(Exception):
    """The EHR already stores the maximum number of versions. Removing the writes frees space."""


class Records(Charts):
    """Writable charts; `clock` returns seconds. Thread-safe."""

    def __init__(
        self, original: Charts, others: Iterable[Resource], clock: Callable[[], float]
    ) -> None:
        super().__init__(others)
        self._files = original
        self._clock = clock
        self._lock = threading.Lock()
        self._written: dict[tuple[str, str], list[Version]] = {}

    def now(self) -> datetime:
        """Return the time for a new version."""
        return datetime.fromtimestamp(int(self._clock()), UTC)

    def find(self, fhir_type: str, fhir_id: str) -> Resource | None:
        """Return the current version of a resource, or None."""
        versions = self._written.get((fhir_type, fhir_id))
        return versions[-1].resource if versions else self._original(fhir_type, fhir_id)

    def of_type(self, fhir_type: str) -> list[Resource]:
        """Return the current version of every patient's resources of one type, new ones last."""
        listed = [*self._files.of_type(fhir_type), *super().of_type(fhir_type)]
        with self._lock:
            latest = {key[1]: one[-1] for key, one in self._written.items() if key[0] == fhir_type}
        if not latest:
            return listed
        kept = [one for one in listed if one.id not in latest]
        return kept + [one.resource for one in latest.values() if one.resource is not None]

    def encounter_of(self, patient: str) -> str | None:
        """Return the id of the patient's first encounter in the original chart, or None."""
        return self._files.encounter_of(patient)

    def patients(self) -> list[PatientSummary]:
        """Return a summary of each patient in the original charts."""
        return self._files.patients()

    def patient(self, fhir_id: str) -> PatientSummary | None:
        """Return the summary of one patient in the original charts, or None."""
        return self._files.patient(fhir_id)

    def versions(self, fhir_type: str, fhir_id: str) -> list[Version]:
        """Return all versions, oldest first; an empty list if the resource never existed."""
        versions = self._written.get((fhir_type, fhir_id), [])
        one = self._original(fhir_type, fhir_id)
        if one is None:
            return list(versions)
        return [Version(one.version, "PUT", one.last_updated, one.patient, one), *versions]

    def change(
        self, key: tuple[str, str], method: str, make: Callable[[list[Version]], Resource | None]
    ) -> Version:
        """Add the version that `make` returns for the previous versions; None is a deletion.

        No other change happens in between. Raises FullError, and whatever `make` raises.
        """
        with self._lock:
            before = self.versions(*key)
            resource = make(before)
            if sum(map(len, self._written.values())) >= _MOST_VERSIONS:
                raise FullError
            patient = before[-1].patient if resource is None else resource.patient
            number = next_number(before)
            version = Version(number, method, self.now(), patient, resource)
            self._written.setdefault(key, []).append(version)
            return version

    def forget(self) -> None:
        """Remove all writes."""
        with self._lock:
            self._written.clear()

    def _original(self, fhir_type: str, fhir_id: str) -> Resource | None:
        return self._files.find(fhir_type, fhir_id) or super().find(fhir_type, fhir_id)


def next_number(before: list[Version]) -> str:
    """Return the number of the version after these."""
    numbers = [int(one.number) for one in before if one.number.isdecimal()]
    return str(max(numbers, default=0) + 1)
