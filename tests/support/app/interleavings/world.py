"""Instances, browsers and mishaps around one store and one EHR, and what must always hold.

The code under test is the product's own: functions/callback/main.py, shared/smart/launches.py and
shared/session/. Replaced are only what it calls: the store, the HTTP client, locks, the log, time.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Literal
from unittest import mock

import functions.callback.main
from shared import document_cache, log
from shared.config.settings import StoreKind
from shared.errors import CodedError
from shared.fhir import access, authorised
from shared.inbound.edge import Call, Reply
from shared.oidc.id_token import Identity
from shared.oidc.keys import Keys
from shared.outbound import http_client
from shared.sealing import SealBroken, Sealer
from shared.session import record, sessions
from shared.session.deployment import Deployment
from shared.session.sessions import Opened, Sessions
from shared.smart import launches
from shared.smart.client_auth import Clients
from shared.smart.discovery import SmartConfiguration
from shared.smart.token_response import parse
from shared.store import records
from tests.support.app.interleavings.ehr import BASE, CLIENT, ISSUER, LIFE, SimulatedEhr
from tests.support.app.interleavings.scheduler import Chooser, Lock, Scheduler
from tests.support.app.interleavings.store import SimulatedStore
from tests.support.ehr import one_ehr

KEY, NEW_KEY = b"k" * 32, b"n" * 32
CACHE_SECONDS = 3.0
# A request waits at most for a lease (15 s) and the pause after it (5 s), then for its own refresh
# (10 s) and the store's calls around it.
MOST_WAITING = 60.0
SETTINGS = one_ehr.settings(
    BASE,
    "openid patient/*.rs",
    client_id=CLIENT,
    top=f"session_cache_seconds = {CACHE_SECONDS}\nsession_idle_minutes = 30",
)
_CONFIGURATION = SmartConfiguration(
    authorization_endpoint="https://ehr.test/authorize",
    token_endpoint="https://ehr.test/token",
    revocation_endpoint="https://ehr.test/revoke",
    issuer=ISSUER,
    jwks_uri="https://ehr.test/jwks",
    sends_iss=False,
    takes_post=False,
    scopes_supported=(),
    auth_methods=None,
    assertion_algorithms=None,
)
ANN = Identity(ISSUER, "ann", None, None)


@dataclass(eq=False)
class Instance:
    """A process of one revision, with its own caches."""

    name: str
    running: Deployment


@dataclass
class World:
    """One run. `broken` are the invariants that didn't hold."""

    chooser: Chooser
    kind: StoreKind = "firestore"
    rotates: bool = True
    broken: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)
    # When a logout, and the end of all sessions, was confirmed.
    logged_out_at: float | None = None
    ended_all_at: float | None = None
    mishaps: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.chooser)
        self.store = SimulatedStore(self.scheduler, self.kind)
        self.ehr = SimulatedEhr(self.scheduler, self.store.leases, rotates=self.rotates)
        self.instances = [self.instance("A"), self.instance("B")]
        self.started: launches.StartedLaunch | None = None
        self._waited: dict[str, float] = {}

    def instance(self, name: str, key: bytes = KEY) -> Instance:
        """Start an instance."""
        scheduler, sealer = self.scheduler, Sealer((key,))
        clients, keys = Clients({}, {}), Keys(lambda: scheduler.monotonic)
        made = Sessions(self.store, sealer, SETTINGS, clients, keys, scheduler.clock)
        made._refresher = replace(made._refresher, pause=self._pause)
        opens = made.open

        def open_(*arguments: Any) -> Opened:
            opened = opens(*arguments)
            self.opened.append(opened)
            return opened

        made.open = open_  # type: ignore[method-assign, assignment]  # the browser keeps its cookie
        return Instance(name, Deployment(self.store, clients, sealer, keys, made))

    # What happens before the actors start.

    def pending(self) -> None:
        """A launch waits for its callback."""
        self.started = launches.begin(
            self.store,
            SETTINGS,
            SETTINGS.ehrs[0],
            _CONFIGURATION,
            iss=BASE,
            fhir_base=BASE,
            launch="1",
            now=self.scheduler.time,
        )

    def session(self, *, token: Literal["alive", "due", "expired", "refused"]) -> None:
        """A session is open, and each instance has used it or not."""
        self.pending()
        (pending,) = self.store.now(launches.COLLECTION)
        stored = records.build(launches.Pending, pending.fields)
        answer = parse(json.dumps(self.ehr.open_grant()).encode(), {})
        self.instances[0].running.sessions.open(stored, answer, ANN)
        passes = {"alive": 0.0, "due": LIFE - 30, "expired": LIFE, "refused": 0.0}[token]
        self.scheduler.monotonic += passes
        if token == "refused":
            self.ehr.refused.add(self.opened[0].session.access_token)

    # Actors.

    def callback(self, at: int) -> None:
        """A browser follows the EHR's redirect."""
        started, instance = self.started, self.instances[at]
        assert started is not None
        (state,) = [
            part.removeprefix("state=")
            for part in started.authorization_url.split("?")[1].split("&")
            if part.startswith("state=")
        ]
        cookies = {started.cookie_name: (started.cookie_value,)}
        call = Call("GET", "/", {}, cookies, f"code=code-1&state={state}", lambda _: b"")

        def body() -> None:
            reply = functions.callback.main._serve(SETTINGS, call)
            if isinstance(reply, Reply):
                self.results.append("opened")
                self.scheduler.tell("opens the app")
            else:
                self.results.append(reply.error.code)
                self.scheduler.tell(f"is refused: {reply.error.code}")

        self._start(f"callback {at + 1}", instance, body)

    def request(self, number: int, at: int) -> None:
        """The app reads FHIR data in the session."""
        instance, opened = self.instances[at], self.opened[0]
        jar = {opened.cookie_name: (opened.cookie_value,)}

        def body() -> None:
            active = instance.running.sessions.use(opened.session.handle, jar)
            self._check_session(active)
            authorised.stream(
                access.of_session(active),
                "GET",
                f"{BASE}/Patient/p1",
                {},
                None,
                time.monotonic() + 60,
                is_read=True,
            )

        self._start(f"request {number}", instance, body)

    def logout(self, at: int) -> None:
        """The user logs out."""
        instance, opened = self.instances[at], self.opened[0]
        jar = {opened.cookie_name: (opened.cookie_value,)}

        def body() -> None:
            instance.running.sessions.end(opened.session.handle, jar)
            self.logged_out_at = self.scheduler.monotonic
            self.scheduler.tell("has logged out")

        self._start("logout", instance, body)

    def end_sessions(self) -> None:
        """An operator ends all sessions: new revisions with a new key, then the old ones go."""

        def body() -> None:
            old = list(self.instances)
            for place, one in enumerate(old):
                self.scheduler.point(f"deploys a revision in place of {one.name}")
                self.instances[place] = self.instance(f"new {one.name}", NEW_KEY)
            for one in old:
                self.scheduler.point(f"deletes the revision of {one.name}")
                self._kill(one)
            self.scheduler.point("destroys the old key")
            self.ended_all_at = self.scheduler.monotonic

        self.scheduler.start("operator", None, body)

    def crash(self, at: int) -> None:
        """An instance dies."""

        def body() -> None:
            self.scheduler.point()
            self.scheduler.tell(f"instance {self.instances[at].name} dies")
            self._kill(self.instances[at])

        self.scheduler.start("platform", None, body)

    def clock_steps(self, seconds: float) -> None:
        """The system's clock is set."""

        def body() -> None:
            self.scheduler.point(f"the clock steps by {seconds:g} s")
            self.scheduler.step += seconds
            self.mishaps.add("clock")

        self.scheduler.time_moves()
        self.scheduler.start("clock", None, body)

    def passes(self, seconds: float) -> None:
        """Time passes, whatever the others are doing."""
        self.scheduler.time_moves()
        self.scheduler.start("time", None, lambda: self.scheduler.sleep(seconds))

    def outage(self, seconds: float) -> None:
        """The store is away for a while."""

        def body() -> None:
            self.scheduler.point("the store goes away")
            self.store.away = True
            self.mishaps.add("outage")
            self.scheduler.sleep(seconds)
            self.scheduler.tell("the store is back")
            self.store.away = False

        self.scheduler.start("outage", None, body)

    # The run and its judgment.

    def run(self) -> list[str]:
        """Run the actors and return the broken invariants."""
        with self._simulated():
            self.scheduler.run()
        self.broken += self.ehr.faults
        self.broken += self._lost()
        self.broken += self._audit()
        self.broken += [
            f"{who} waited {seconds:.0f} s"
            for who, seconds in self._waited.items()
            if seconds > MOST_WAITING
        ]
        return self.broken

    def _start(self, name: str, instance: Instance, body: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                body()
            except CodedError as error:
                self.results.append(error.code)
                self.scheduler.tell(f"is refused: {error.code}")

        self.scheduler.start(f"{name} at {instance.name}", instance, guarded)

    def _pause(self, seconds: float) -> None:
        name = self.scheduler.current.name
        self._waited[name] = self._waited.get(name, 0.0) + seconds
        self.scheduler.sleep(seconds)

    def _kill(self, instance: Instance) -> None:
        self.scheduler.kill(instance)
        self.mishaps.add("crash")
        for grant in self.ehr.grants:
            if not self._is_stored(grant.refresh_token):
                grant.lost.add("the instance with the tokens died")

    def _check_session(self, active: sessions.Active) -> None:
        now, session = self.scheduler.monotonic, active.session
        for what, at in (("a logout", self.logged_out_at), ("end-sessions", self.ended_all_at)):
            allowed = CACHE_SECONDS + abs(self.scheduler.step)
            if at is not None and now > at + allowed:
                self.broken.append(f"a session was used {now - at:.1f} s after {what}")
        if self.scheduler.time >= session.expires_at:
            self.broken.append("a session was used after its end")

    def _is_stored(self, token: str) -> bool:
        return any(token in (one.access_token, one.refresh_token) for one in self._stored())

    def _stored(self) -> Iterator[record.Session]:
        for opened in self.opened:
            handle, secret = opened.session.handle, opened.session.secret
            for one in self.store.now(record.COLLECTION):
                for key in (KEY, NEW_KEY):
                    with contextlib.suppress(CodedError, SealBroken):
                        stored = record.unsealed(one, handle, secret, Sealer((key,)))
                        yield stored.session
                        if waiting := record.unconfirmed(stored, Sealer((key,))):
                            yield waiting.session

    def _lost(self) -> Iterator[str]:
        """Every token is stored, revoked, or lost by a cause that docs/sessions.md names."""
        for grant in self.ehr.grants:
            token = grant.refresh_token
            if grant.ended or grant.lost or self._is_stored(token):
                continue
            if self.store.lost_deletes or self._reached_limit or self._store_was_away:
                continue
            yield f"nobody has or revoked the tokens of grant {grant.number}"

    @property
    def _reached_limit(self) -> bool:
        reasons = {"idle", "longest", "access"}
        return any(event == "session_ended" and why in reasons for event, why in self.events)

    @property
    def _store_was_away(self) -> bool:
        return "store_unavailable" in self.results

    def _audit(self) -> Iterator[str]:
        ends = [reason for event, reason in self.events if event == "session_ended"]
        if len(ends) > 1 and not self.store.lost_deletes:
            yield f"the end of a session is logged as {ends}"
        if self.events.count(("callback_completed", "")) > 1:
            yield "a launch is logged as completed twice"
        unknown = self.started and not self.opened and set(self.results) == {"state_unknown"}
        if unknown and "crash" not in self.mishaps and not self.ehr.codes:
            yield "a launch that nobody consumed counts as already used"
        gone = self.opened and not self.store.now(record.COLLECTION)
        if gone and not ends and not self.mishaps and not self.store.lost_deletes:
            yield "a session ended without a line in the log"

    def _event(self, event: str, message: str, **more: Any) -> None:
        fields = more.get("fields") or {}
        self.scheduler.tell(f"logs {event} {fields.get('reason', '')}".rstrip())
        self.events.append((event, str(fields.get("reason", ""))))

    @contextlib.contextmanager
    def _simulated(self) -> Iterator[None]:
        scheduler = self.scheduler
        locks = SimpleNamespace(Lock=lambda: Lock(scheduler))

        class Current:
            """The deployment of the instance that runs."""

            def __getattr__(self, name: str) -> object:
                return getattr(scheduler.current.instance.running, name)  # type: ignore[attr-defined]

        with (
            mock.patch.object(http_client, "send", self.ehr.send),
            mock.patch.object(http_client, "stream", self.ehr.stream),
            mock.patch.object(sessions, "threading", locks),
            mock.patch.object(document_cache, "threading", locks),
            mock.patch.object(functions.callback.main, "_running", Current(), create=True),
            mock.patch.object(
                functions.callback.main, "time", SimpleNamespace(time=scheduler.clock)
            ),
            mock.patch.object(log, "event", self._event),
        ):
            yield
