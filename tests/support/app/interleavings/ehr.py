"""A simulated EHR that grants, refreshes and revokes, and remembers what became of every token.

It rotates refresh tokens and ends a grant if one is used again (RFC 9700 4.14.2). A call to it may
get no response, before or after it acted, a late response, or an error.
"""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from shared.outbound.http_client import Answer, Stream, TimedOut
from tests.support.app.interleavings.scheduler import Scheduler
from tests.support.ehr.id_tokens import compact, ec_key, public_jwk

BASE = "https://ehr.test/fhir"
ISSUER = "https://ehr.test"
CLIENT = "client"
LIFE = 300.0
OUTCOMES = ("responds", "didn't act, no response", "acted, no response", "late", "status 503")


@functools.cache
def _key() -> tuple[str, object]:
    key = ec_key()
    return json.dumps({"keys": [public_jwk(key, kid="1", use="sig")]}), key


@functools.cache
def _id_token(user: str) -> str:
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": user, "iat": 1_800_000_000, "exp": 4e9}
    return compact({"alg": "ES256", "kid": "1"}, claims, _key()[1], "ES256")  # type: ignore[arg-type]


@dataclass(eq=False)
class Grant:
    """What one code granted. `lost` has the documented reasons why it's neither stored nor
    revoked.
    """

    number: int
    refresh_token: str = ""
    used: dict[str, float] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    ended: bool = False
    lost: set[str] = field(default_factory=set)
    failed_at: float = 0.0
    # Whether the next use of a used refresh token is excused, because its reply was lost.
    excused: set[str] = field(default_factory=set)

    def end(self) -> None:
        self.ended = True
        self.alive.clear()


class SimulatedEhr:
    """The token, revocation, key and FHIR endpoints at BASE.

    `faults` lists what an app must never do.
    """

    def __init__(
        self, scheduler: Scheduler, leases: Mapping[str, float], *, rotates: bool = True
    ) -> None:
        self.scheduler = scheduler
        self.leases = leases
        self.rotates = rotates
        # The user that each refresh names.
        self.user_at_refresh = "ann"
        self.grants: list[Grant] = []
        self.faults: list[str] = []
        self.codes: list[str] = []
        self.refused: set[str] = set()
        self._tokens = 0

    def open_grant(self) -> dict[str, object]:
        """Return a token response for a new grant."""
        grant = Grant(len(self.grants))
        self.grants.append(grant)
        return self._issue(grant, "ann", refresh=True)

    def send(self, method: str, url: str, *, body: bytes | None = None, **asked: object) -> Answer:
        """Respond in place of http_client.send."""
        del method
        seconds = float(str(asked["seconds"]))
        if url.endswith("/jwks"):
            return self._call("keys", seconds, lambda: _json(_key()[0]))
        form = {name: values[0] for name, values in parse_qs((body or b"").decode()).items()}
        if url.endswith("/revoke"):
            return self._call("revocation", seconds, lambda: self._revoke(form), form)
        if form["grant_type"] == "refresh_token":
            return self._call("refresh", seconds, lambda: self._refresh(form), form)
        return self._call("exchange", seconds, lambda: self._exchange(form), form)

    def stream(self, method: str, url: str, **asked: object) -> Stream:
        """Respond to a FHIR request in place of http_client.stream."""
        del method, url
        headers = asked["headers"]
        assert isinstance(headers, Mapping)
        token = headers["Authorization"].removeprefix("Bearer ")
        self.scheduler.point("sends a FHIR request")
        grant = self._of(token)
        user = grant.users[token]
        if user != "ann":
            self.faults.append(f"a request used the tokens of {user}")
        status = 200 if token in grant.alive and token not in self.refused else 401
        return Stream(status, {"content-type": "application/fhir+json"}, iter((b"{}",)))

    def _call(
        self,
        kind: str,
        seconds: float,
        act: Callable[[], Answer],
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        scheduler = self.scheduler
        scheduler.point()
        outcome = OUTCOMES[scheduler.outcome(len(OUTCOMES))]
        scheduler.tell(f"calls the EHR ({kind}): {outcome}")
        if outcome == "responds":
            return act()
        token = (form or {}).get("token") or (form or {}).get("refresh_token")
        grant = self._of(token) if token else None
        if outcome == "late":
            answer = act()
            scheduler.sleep(seconds - 0.5)
            return answer
        if kind == "revocation" and grant:
            grant.lost.add("the EHR didn't confirm the revocation")
        if outcome == "status 503":
            if grant:
                grant.failed_at = scheduler.monotonic
            return Answer(503, {}, b"")
        if outcome == "acted, no response":
            act()
            if kind == "exchange":
                grant = self.grants[-1]
            if grant:
                grant.lost.add("the response with the tokens was lost")
        if grant and token:
            grant.excused.add(token)
        scheduler.sleep(seconds)
        raise TimedOut

    def _of(self, token: str) -> Grant:
        return next(one for one in self.grants if token in one.users)

    def _issue(self, grant: Grant, user: str, *, refresh: bool) -> dict[str, object]:
        self._tokens += 1
        access = f"access-token-{self._tokens:06}"
        grant.alive.add(access)
        grant.users[access] = user
        issued: dict[str, object] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": LIFE,
            "scope": "launch openid patient/*.rs",
            "patient": "p1",
            "id_token": _id_token(user),
        }
        if refresh:
            grant.refresh_token = f"refresh-token-{self._tokens:06}"
            issued["refresh_token"] = grant.refresh_token
            grant.users[grant.refresh_token] = user
        return issued

    def _exchange(self, form: Mapping[str, str]) -> Answer:
        if form["code"] in self.codes:
            self.faults.append("a code was exchanged twice")
            return _json({"error": "invalid_grant"}, 400)
        self.codes.append(form["code"])
        return _json(self.open_grant())

    def _refresh(self, form: Mapping[str, str]) -> Answer:
        token = form["refresh_token"]
        grant, leased_at = self._of(token), self.leases.get(self.scheduler.current.name, 0.0)
        if self.scheduler.monotonic - grant.failed_at < 5.0 - abs(self.scheduler.step):
            self.faults.append("a failed refresh was repeated at once")
        if token in grant.used:
            # The other one may have been paused. If the clock is set by more than 5 s, a lease can
            # seem to have lapsed (docs/sessions.md).
            apart = abs(leased_at - grant.used[token])
            lapsed = apart >= 15.0 - abs(self.scheduler.step) or abs(self.scheduler.step) > 5.0
            if not lapsed and token not in grant.excused:
                self.faults.append("a refresh token was sent twice")
            if self.rotates:
                grant.end()
        grant.used[token] = leased_at
        if grant.ended:
            return _json({"error": "invalid_grant"}, 400)
        return _json(self._issue(grant, self.user_at_refresh, refresh=self.rotates))

    def _revoke(self, form: Mapping[str, str]) -> Answer:
        grant = self._of(form["token"])
        if form["token"] == grant.refresh_token:
            grant.end()
        grant.alive.discard(form["token"])
        return Answer(200, {}, b"")


def _json(content: object, status: int = 200) -> Answer:
    body = content if isinstance(content, str) else json.dumps(content)
    return Answer(status, {"content-type": "application/json"}, body.encode())
