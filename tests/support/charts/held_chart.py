"""A chart whose searches answer when a test lets them go: the order is seen, not a time."""

import threading
from dataclasses import dataclass, field

from tests.support.charts.app_chart import CHART, PATIENT, asked_for, bundle
from tests.support.ehr.scripted_ehr import Received, Scripted, Tenant, as_fhir

REFUSED = Scripted(400, {"Content-Type": "application/json"}, b'{"error": "invalid_grant"}')


def _gates() -> dict[str, threading.Event]:
    return {name: threading.Event() for name in ("patient", *CHART)}


@dataclass
class HeldChart:
    """A tenant that holds its answers back; those in `answers` stand for the chart's own."""

    tenant: Tenant
    gates: dict[str, threading.Event] = field(default_factory=_gates)
    answers: dict[str, Scripted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in ("/Patient/p1", "/Observation", "/Condition", "/MedicationRequest"):
            self.tenant.on(path, self._respond)

    def _respond(self, request: Received) -> Scripted:
        name = "patient" if request.path == "/Patient/p1" else asked_for(request)
        assert self.gates[name].wait(60)
        if name in self.answers:
            return self.answers[name]
        return as_fhir(PATIENT if name == "patient" else bundle(*CHART[name]))

    def let_go(self, *names: str) -> None:
        """Let these answer, or all."""
        for name in names or self.gates:
            self.gates[name].set()

    def end_the_session(self) -> None:
        """Make the EHR's next response refuse the token, and its renewal too."""
        self.tenant.on("/auth/token", REFUSED)
        self.answers["labs"] = Scripted(401)
        self.tenant.on("/Patient/p1", Scripted(401))
