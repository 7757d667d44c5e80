"""The charts with what clients have written since this EHR started: in memory, each resource with
its versions (FHIR R4, HTTP: create, update, delete, history).

The charts of the files are never changed; forgetting what was written brings them back. The pages
for people go on showing the patients of the files.
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

    Fields:
        method: the HTTP method that made it.
        when: in UTC.
        patient: whose the resource is, or was when it was deleted; None for nobody's.
        resource: None for a deletion.
    """

    number: str
    method: str
    when: datetime
    patient: str | None
    resource: Resource | None


class FullError(Exception):
    """Nothing more can be written until what was written is forgotten."""


class Records(Charts):
    """Charts that can be written to; `clock` gives seconds. Safe to share between threads."""

    def __init__(
        self, files: Charts, others: Iterable[Resource], clock: Callable[[], float]
    ) -> None:
        super().__init__(others)
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._written: dict[tuple[str, str], list[Version]] = {}

    def now(self) -> datetime:
        """Return the time for a new version."""
        return datetime.fromtimestamp(int(self._clock()), UTC)

    def find(self, fhir_type: str, fhir_id: str) -> Resource | None:
        """Return a resource as it is now, or None."""
        versions = self._written.get((fhir_type, fhir_id))
        return versions[-1].resource if versions else self._original(fhir_type, fhir_id)

    def of_type(self, fhir_type: str) -> list[Resource]:
        """Return every patient's resources of one type as they are now, new ones last."""
        listed = [*self._files.of_type(fhir_type), *super().of_type(fhir_type)]
        with self._lock:
            latest = {key[1]: one[-1] for key, one in self._written.items() if key[0] == fhir_type}
        if not latest:
            return listed
        kept = [one for one in listed if one.id not in latest]
        return kept + [one.resource for one in latest.values() if one.resource is not None]

    def encounter_of(self, patient: str) -> str | None:
        """Return the id of the patient's first encounter in the file, or None."""
        return self._files.encounter_of(patient)

    def patients(self) -> list[PatientSummary]:
        """Return a summary of each patient of the files."""
        return self._files.patients()

    def patient(self, fhir_id: str) -> PatientSummary | None:
        """Return the summary of one patient of the files, or None."""
        return self._files.patient(fhir_id)

    def versions(self, fhir_type: str, fhir_id: str) -> list[Version]:
        """Return all versions, oldest first; none for what never was."""
        versions = self._written.get((fhir_type, fhir_id), [])
        one = self._original(fhir_type, fhir_id)
        if one is None:
            return list(versions)
        return [Version(one.version, "PUT", one.last_updated, one.patient, one), *versions]

    def change(
        self,
        key: tuple[str, str],
        method: str,
        make: Callable[[list[Version]], Resource | None],
    ) -> Version:
        """Add a version: what `make` makes of those before it, None for a deletion.

        No other change comes in between. Raises what `make` raises, and FullError.
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
        """Forget all that was written."""
        with self._lock:
            self._written.clear()

    def _original(self, fhir_type: str, fhir_id: str) -> Resource | None:
        return self._files.find(fhir_type, fhir_id) or super().find(fhir_type, fhir_id)


def next_number(before: list[Version]) -> str:
    """Return the number of the version after these."""
    numbers = [int(one.number) for one in before if one.number.isdecimal()]
    return str(max(numbers, default=0) + 1)
