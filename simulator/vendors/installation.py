"""One simulated EHR: its URLs, apps, charts and state."""

from collections.abc import Callable, Sequence
from datetime import date
from types import MappingProxyType

from simulator.cds.opening import CdsState
from simulator.charts.documents import documents
from simulator.charts.resources import Resource
from simulator.common.addresses import Addresses
from simulator.common.expiring_map import ExpiringMap
from simulator.faults.named import Faults
from simulator.fhir.bundle import Pages
from simulator.fhir.records import Records
from simulator.oauth.authorization_request import AuthorizationRequest
from simulator.oauth.client_authentication import ClientAuthentication
from simulator.oauth.grants import Grants
from simulator.oauth.id_tokens import Signer
from simulator.oauth.launch_values import LaunchValues
from simulator.oauth.registrations import Registration
from simulator.vendors.profile import VendorProfile

_PICKER_SECONDS = 300


class Control:
    """Settings that stay in effect until changed: the faults for all requests, and the token
    lifetime in seconds (None for the EHR's default).
    """

    def __init__(self) -> None:
        self.faults = Faults()
        self.token_seconds: int | None = None


class Installation:
    """The data and state that the routes of one EHR share.

    `addresses` are the profile's URLs at `origin`. `registrations` has only this EHR's clients, by
    client id. The charts are as of `day`, and `more` are other charts'
    resources. EHRs that publish their keys at the same URL share a
    `signer`. `cds_signer` has the keys that authenticate this EHR to CDS services.
    """

    def __init__(
        self,
        profile: VendorProfile,
        origin: str,
        registrations: Sequence[Registration],
        day: date,
        clock: Callable[[], float],
        signer: Signer,
        more: tuple[Resource, ...] = (),
    ) -> None:
        self.profile = profile
        self.addresses: Addresses = profile.addresses(origin)
        self.registrations = MappingProxyType({one.client_id: one for one in registrations})
        self.charts = Records(profile.fhir.charts(day, more), documents(day), clock)
        self.clock = clock
        self.signer = signer
        self.clients = ClientAuthentication(
            self.registrations, clock, methods=profile.auth_methods, raw_basic=profile.raw_basic
        )
        self.control = Control()
        self.cds_signer = Signer(algorithms=(profile.cds.algorithm,), has_opaque_ids=True)
        self.cds_state = CdsState(clock)
        self.launches = LaunchValues(clock)
        self.grants = Grants(clock)
        self.pickers = ExpiringMap[AuthorizationRequest](_PICKER_SECONDS, clock)
        self.pages = Pages(self.addresses.fhir_base, clock)
