"""A session and its instances in this process, at a scripted EHR, by a clock that a test moves."""

from dataclasses import dataclass, replace

from shared.config.settings import Settings
from shared.fhir import fhir_client
from shared.fhir.access import of_session
from shared.fhir.fhir_client import FhirAnswer
from shared.inbound.cookies import Cookies
from shared.oidc.id_token import Identity
from shared.oidc.keys import Keys
from shared.sealing import Sealer
from shared.session.record import COLLECTION, Session, key
from shared.session.sessions import Active, Opened, Sessions
from shared.smart.client_auth import Clients
from shared.smart.launches import Pending
from shared.smart.token_response import parse
from shared.store import Record, Store
from tests.support.app.stores import Clock
from tests.support.app.watched_store import WatchedStore
from tests.support.ehr import one_ehr
from tests.support.ehr.rotating_ehr import RotatingEhr
from tests.support.ehr.scripted_ehr import as_json

SEALING_KEY = bytes(range(32))


@dataclass
class Pauses:
    """What waiting does: the clock moves on. `slept` is in seconds."""

    clock: Clock
    slept: float = 0.0

    def __call__(self, seconds: float) -> None:
        self.slept += seconds
        self.clock.now += seconds


@dataclass
class Renewal:
    """One session. `here` is an instance; `elsewhere` gives another on the same store."""

    ehr: RotatingEhr
    clock: Clock
    store: WatchedStore
    settings: Settings
    opened: Opened
    here: Sessions
    pauses: Pauses
    inner: Store

    @property
    def cookies(self) -> Cookies:
        """The browser's."""
        return {self.opened.cookie_name: (self.opened.cookie_value,)}

    def elsewhere(
        self, store: Store | None = None, keys: tuple[bytes, ...] = (SEALING_KEY,)
    ) -> Sessions:
        return _instance(store or self.inner, self.settings, self.clock, self.pauses, keys)

    def use(self, instance: Sessions | None = None) -> Active:
        return (instance or self.here).use(self.handle, self.cookies)

    def end(self, instance: Sessions | None = None) -> None:
        (instance or self.here).end(self.handle, self.cookies)

    def read_patient(self, active: Active) -> FhirAnswer:
        return fhir_client.call(of_session(active), "GET", f"{active.session.fhir_base}/Patient/p1")

    @property
    def handle(self) -> str:
        return self.opened.session.handle

    @property
    def session(self) -> Session:
        """As it was opened."""
        return self.opened.session

    @property
    def record(self) -> Record | None:
        """What the store holds of it."""
        return self.inner.read(COLLECTION, key(self.handle))

    def nearly_out(self) -> None:
        """To when its access still lives and is due for renewal."""
        self.clock.now = self.session.access_expires_at - 1

    def run_out(self) -> None:
        """To the end of its access."""
        self.clock.now = self.session.access_expires_at


def renewal(
    ehr: RotatingEhr,
    inner: Store,
    clock: Clock,
    *,
    refresh_token: bool = True,
    revocation: bool = True,
    user: Identity | None = None,
    issuer: str | None = None,
    idle_minutes: float = 480,
) -> Renewal:
    """Return a session just opened, with its clock at now and access for `ehr.life` seconds."""
    base = ehr.tenant.base
    settings = one_ehr.settings(
        base,
        client_id="client-1",
        public_url="http://localhost:1",
        top=f"session_idle_minutes = {idle_minutes}",
    )
    pending = Pending(
        ehr="one",
        flow="ehr",
        iss=base,
        fhir_base=base,
        client_id="client-1",
        redirect_uri="http://localhost:1/callback",
        requested=("launch", "patient/*.rs"),
        scopes_supported=None,
        token_endpoint=f"{base}/auth/token",
        revocation_endpoint=f"{base}/auth/revoke" if revocation else None,
        issuer=issuer,
        jwks_uri=f"{base}/jwks",
        sends_iss=False,
        assertion_algorithms=None,
        code_verifier="v" * 43,
        nonce=None,
        binding="0" * 64,
    )
    answer = parse(as_json(ehr.open_grant()).body, {})  # type: ignore[arg-type]
    if not refresh_token:
        answer = replace(answer, refresh_token=None)
    store, pauses = WatchedStore(inner), Pauses(clock)
    here = _instance(store, settings, clock, pauses)
    opened = here.open(pending, answer, user)
    store.done.clear()
    return Renewal(ehr, clock, store, settings, opened, here, pauses, inner)


def _instance(
    store: Store,
    settings: Settings,
    clock: Clock,
    pauses: Pauses,
    keys: tuple[bytes, ...] = (SEALING_KEY,),
) -> Sessions:
    sessions = Sessions(store, Sealer(keys), settings, Clients({}, {}), Keys(), clock)
    sessions._refresher = replace(sessions._refresher, pause=pauses)
    return sessions
