"""Published charts of synthetic patients: three of Synthea's, and two for tests of US Core that
Inferno's reference server has.

They're transactions in public repositories (Apache License 2.0, both). Their dates are moved to
today, as the simulated EHR's are. Otherwise, every value would be too old to use.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from simulator.charts import bundles, moving
from simulator.charts.parts import Json
from tests.interop.built import file_at

_SYNTHEA = ("https://github.com/smart-on-fhir/generated-sample-data", "25ac808")
_US_CORE = ("https://github.com/inferno-framework/inferno-reference-server-data", "6cd2155")
COMMITS = f"{_SYNTHEA[1]}, {_US_CORE[1]}"
_FILES = {
    "beatriz": (*_SYNTHEA, "R4/SYNTHEA/Beatriz_Salazar_c837db1d-d74b-4707-be68-b87bb25b4504.json"),
    "austin": (*_SYNTHEA, "R4/SYNTHEA/Austin_Spencer_29195483-ce99-4a73-9cee-2d6728078472.json"),
    # The first died in the year of the newest values, the second long before.
    "parker": (*_SYNTHEA, "R4/SYNTHEA/Parker_Casper_6d0c6969-6843-47e1-9921-d9bf11b1df31.json"),
    "lucien": (*_US_CORE, "resources/uscore_bundle_patient_85.json"),
    "dustin": (*_US_CORE, "resources/uscore_bundle_patient_355.json"),
}
# HAPI doesn't let a client choose an id that is a number.
_NUMBER = re.compile(r'"id": "(\d+)"')
_EFFECTIVE = re.compile(r'"effectiveDateTime": "(\d{4}-\d\d-\d\d)')


@dataclass(frozen=True)
class Published:
    """The chart of one patient: its Bundle, with the dates moved."""

    name: str
    text: str

    @property
    def resources(self) -> list[Json]:
        """Everything in the Bundle, for `resource_text.write`."""
        return bundles.resolved(self.text)

    @property
    def patient(self) -> str:
        """The patient's id."""
        (found,) = (one["id"] for one in self.resources if one["resourceType"] == "Patient")
        return str(found)


def charts(folder: Path) -> tuple[Published, ...]:
    """Return the charts, and write each to a file of a folder, for the simulated EHR."""
    folder.mkdir()
    made = tuple(_published(name, file_at(*file)) for name, file in _FILES.items())
    for one in made:
        (folder / f"{one.name}.json").write_text(one.text, "utf-8")
    return made


def _published(name: str, text: str) -> Published:
    newest = date.fromisoformat(max(_EFFECTIVE.findall(text)))
    later = moving.day_at(datetime.now(UTC)) - newest
    moved = moving.moved(text, moving.WRITTEN_FOR + later)
    return Published(name, _NUMBER.sub(r'"id": "patient-\1"', moved))
