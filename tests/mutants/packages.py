"""The pure core and the decisions: what is mutated, how many mutants are sampled, and which tests
are at its own level.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.support.app.servers import ROOT


@dataclass(frozen=True)
class Package:
    name: str
    sample: int
    patterns: tuple[str, ...]
    tests: tuple[str, ...]  # Folders; of these, the tests whose coverage reaches the line

    def files(self) -> list[Path]:
        return sorted(path for one in self.patterns for path in ROOT.glob(one))


_SHARED = ("tests/shared",)
# The tables of fhir_proxy's decisions run in this process.
_FHIR = ("tests/shared", "tests/functions/fhir_proxy")
# The tables of cards are with the function that shows them.
_CARDS = ("tests/functions/cds_services/test_card_truth.py",)
_CLINICAL = ("tests/clinical", *_CARDS)
PACKAGES = (
    Package("policy", 90, ("shared/fhir/policy/*.py",), _FHIR),
    Package("FHIR", 90, ("shared/fhir/*.py", "shared/fhir/calls/*.py"), _FHIR),
    Package("scopes", 20, ("shared/scopes.py",), _SHARED),
    Package("launches", 30, ("shared/smart/launches.py",), _SHARED),
    Package("discovery", 20, ("shared/smart/discovery.py",), _SHARED),
    Package("token", 40, ("shared/smart/token*.py", "shared/smart/client_auth.py"), _SHARED),
    Package("ID token", 60, ("shared/oidc/*.py",), _SHARED),
    Package("session", 70, ("shared/session/*.py",), _SHARED),
    Package("sealing", 10, ("shared/sealing.py", "shared/base64url.py"), _SHARED),
    Package("store", 30, ("shared/store/*.py",), _SHARED),
    Package("cookies and CSP", 30, ("shared/inbound/cookies.py", "shared/pages/*.py"), _SHARED),
    Package("chart", 80, ("clinical/chart/**/*.py",), _CLINICAL),
    Package("calculators", 70, ("clinical/calculators/*.py",), _CLINICAL),
    Package("weighing", 60, ("shared/explain/ranking/*.py",), ("tests/shared/explain",)),
)
