"""One simulated EHR: its addresses, the apps and charts it knows, and what it remembers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from simulator.authorization_request import AuthorizationRequest
from simulator.bundle import Pages
from simulator.charts import Charts
from simulator.grants import Grants
from simulator.registrations import Registration
from simulator.shelf import Shelf

_PICKER_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything lives, all of it below `root`.

    The issuer is not the FHIR base, so a client that takes one for the other is noticed.
    """

    root: str

    @property
    def issuer(self) -> str:
        """Return the issuer identifier (RFC 8414), sent as `iss` (RFC 9207)."""
        return self.root

    @property
    def fhir_base(self) -> str:
        """Return the FHIR base: `iss` of a launch, `aud` of an authorization request."""
        return f"{self.root}/fhir"

    @property
    def authorize(self) -> str:
        """Return the authorization endpoint."""
        return f"{self.root}/authorize"

    @property
    def token(self) -> str:
        """Return the token endpoint."""
        return f"{self.root}/token"


class Installation:
    """What the routes of one EHR share."""

    def __init__(
        self,
        root: str,
        registrations: Sequence[Registration],
        charts: Charts,
        clock: Callable[[], float],
    ) -> None:
        self.addresses = Addresses(root)
        self.registrations = MappingProxyType({one.client_id: one for one in registrations})
        self.charts = charts
        self.grants = Grants(clock)
        self.pickers = Shelf[AuthorizationRequest](_PICKER_SECONDS, clock)
        self.pages = Pages(self.addresses.fhir_base, clock)
