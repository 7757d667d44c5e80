"""A scripted EHR with grants: refresh tokens that rotate, and the result of using one again.

RFC 9700 4.14.2: each refresh returns a new refresh token. Using one a second time ends its entire
grant, access tokens included. A code starts with the id of its launch's patient.
"""

import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from tests.support.ehr.scripted_ehr import Handler, Received, Scripted, Tenant, as_fhir, as_json


@dataclass
class Grant:
    """The grant of one code. `access` has the end of each access token's life (monotonic clock)."""

    patient: str
    refresh_token: str
    used: set[str] = field(default_factory=set)
    access: dict[str, float] = field(default_factory=dict)
    ended: bool = False

    def end(self) -> None:
        self.ended = True
        self.access.clear()


class RotatingEhr:
    """Makes a tenant grant, refresh and revoke. `life` is the life of access tokens, in seconds.

    `refreshed` are the refresh tokens that were accepted, in order. `reused` counts those that were
    sent again, `crossed` FHIR reads for a patient other than the token's. Each item of `instead`
    responds to one refresh in place of the EHR.
    """

    def __init__(self, tenant: Tenant, *, life: float = 3600.0, rotates: bool = True) -> None:
        self.tenant = tenant
        self.life = life
        self.rotates = rotates
        self.refreshed: list[str] = []
        self.reused = 0
        self.crossed = 0
        self.revoked: list[tuple[str, str]] = []
        self.exchanged: list[str] = []
        self.instead: deque[Handler] = deque()
        self.more: dict[str, object] = {}
        self._grants: list[Grant] = []
        self._lock = threading.Lock()
        tenant.discovery["revocation_endpoint"] = f"{tenant.base}/auth/revoke"
        tenant.on("/auth/token", self._token)
        tenant.on("/auth/revoke", self._revoke)
        for key in tenant.resources:
            tenant.on(f"/{key}", self._read)

    @property
    def asked(self) -> int:
        """Return the number of refresh requests, including failed ones."""
        return sum(
            request.form["grant_type"] == "refresh_token"
            for request in self.tenant.hits("/auth/token")
        )

    @property
    def grant(self) -> Grant:
        """The only grant."""
        (grant,) = self._grants
        return grant

    def outlaw(self) -> None:
        """Reject all access tokens issued so far."""
        with self._lock:
            for grant in self._grants:
                grant.access.clear()

    def open_grant(self, patient: str = "p1") -> dict[str, object]:
        """Open a new grant and return the token response."""
        with self._lock:
            grant = Grant(patient, _new("refresh"))
            self._grants.append(grant)
            return {**self._answer(grant), "refresh_token": grant.refresh_token}

    def refresh(self, request: Received) -> Scripted:
        """Respond to a refresh token, used once or again."""
        token = request.form["refresh_token"]
        with self._lock:
            for grant in self._grants:
                if token in grant.used:
                    self.reused += 1
                    grant.end()
                if token == grant.refresh_token and not grant.ended:
                    self.refreshed.append(token)
                    answer = self._answer(grant)
                    if self.rotates:
                        grant.used.add(token)
                        answer["refresh_token"] = grant.refresh_token = _new("refresh")
                    return as_json(answer | self.more)
        return as_json({"error": "invalid_grant"}, 400)

    def _answer(self, grant: Grant) -> dict[str, object]:
        access_token = _new("access")
        grant.access[access_token] = time.monotonic() + self.life
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.life,
            "scope": "launch patient/*.rs",
            "patient": grant.patient,
        }

    def _token(self, request: Received) -> Scripted:
        if request.form["grant_type"] == "refresh_token":
            return self.instead.popleft()(request) if self.instead else self.refresh(request)
        code = request.form["code"]
        with self._lock:
            known = code in self.exchanged
            self.exchanged.append(code)
        if known:
            return as_json({"error": "invalid_grant"}, 400)
        patient = code.partition("-")[0]
        there = f"Patient/{patient}" in self.tenant.resources
        return as_json(self.open_grant(patient if there else "p1"))

    def _revoke(self, request: Received) -> Scripted:
        token, kind = request.form["token"], request.form["token_type_hint"]
        with self._lock:
            self.revoked.append((token, kind))
            for grant in self._grants:
                if token == grant.refresh_token:
                    grant.end()
                grant.access.pop(token, None)
        return Scripted(200)

    def _read(self, request: Received) -> Scripted:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        now = time.monotonic()
        with self._lock:
            live = [grant for grant in self._grants if grant.access.get(token, 0) > now]
            if not live:
                return as_fhir({"resourceType": "OperationOutcome", "issue": []}, 401)
            key = request.path.removeprefix("/")
            if key != f"Patient/{live[0].patient}":
                self.crossed += 1
        return as_fhir(self.tenant.resources[key])


def _new(kind: str) -> str:
    return f"{kind}-{secrets.token_urlsafe(24)}"
