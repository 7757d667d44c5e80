"""The app as the simulated EHRs and its own configuration know it: one registration at one EHR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from simulator.ehr import VENDOR_PROFILES

Place = Literal["generic", "oracle", "oracle-patient", "epic"]
Flow = Literal["ehr", "standalone"]

PLACES: Sequence[Place] = ("generic", "oracle", "oracle-patient", "epic")
FLOWS: Sequence[Flow] = ("ehr", "standalone")
SCOPES = (
    "openid fhirUser online_access patient/Patient.rs patient/Observation.rs patient/Condition.rs"
)
VENDOR_PROFILE = {one.key: one for one in VENDOR_PROFILES}


@dataclass(frozen=True)
class Registration:
    """The app at one EHR. `key` names it in the app's configuration, where it stands as written in
    `settings`; `at_ehr` holds further members of its registration there.
    """

    place: Place
    client_id: str
    scopes: str = SCOPES
    registered: str = SCOPES
    settings: str = ""
    at_ehr: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.place

    def entry(self, origin: str) -> str:
        """Its [[ehr]] table."""
        profile = VENDOR_PROFILE[self.place]
        return f"""
[[ehr]]
key = "{self.key}"
vendor = "{profile.vendor}"
iss = ["{profile.addresses(origin).fhir_base}"]
client_id = "{self.client_id}"
scopes = "{self.scopes}"
redirect_path = "/callback/{self.key}"
standalone = true
{self.settings}
"""

    def at(self, app_port: int) -> Mapping[str, object]:
        """Return the EHR's registration of the app at http://localhost:APP_PORT."""
        return {
            "client_id": self.client_id,
            "name": "smart-calc",
            "launch_url": f"http://localhost:{app_port}/launch",
            "redirect_uris": [f"http://localhost:{app_port}/callback/{self.key}"],
            "scopes": ["launch", "launch/patient", "launch/encounter", *self.registered.split()],
            "ehrs": [self.place],
            "type": "patient" if self.place == "oracle-patient" else "provider",
            **self.at_ehr,
        }
