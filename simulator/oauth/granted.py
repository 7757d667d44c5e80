"""The grants of the authorization server, data only (SMART App Launch 2.2, Launch context; RFC 6749
sections 1.3.1, 1.4 and 1.5).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.faults.named import Faults
from simulator.oauth.token_errors import Reason
from simulator.trace import LaunchTrace


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """The context in the EHR: the FHIR id of a patient, and of an encounter if there is one.

    `app_context`: `appContext` of the card whose link launched the app, for the token response (CDS
    Hooks 2.0, Link).
    """

    patient: str | None = None
    encounter: str | None = None
    app_context: str | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """An app launched from a chart by a user (charts/users.py), with the faults chosen for it."""

    client_id: str
    context: LaunchContext
    user: str | None = None
    faults: Faults = field(default_factory=Faults)
    launch_trace: LaunchTrace | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """The authorization behind a code, and the values that the token request must match.

    `user`: the user who authorized the app, a key of charts/users.py. `faults`: the faults chosen
    for this launch; they apply to all its tokens.
    """

    client_id: str
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...]
    context: LaunchContext
    nonce: str | None = None
    user: str | None = None
    faults: Faults = field(default_factory=Faults)
    launch_trace: LaunchTrace | None = None


class Family:
    """All tokens from one code; they're revoked together."""

    def __init__(self, authorization: Authorization, scopes: tuple[str, ...]) -> None:
        self.authorization = authorization
        self.scopes = scopes
        self.is_revoked = False
        self.has_session_ended = False


@dataclass(slots=True)
class AccessToken:
    """An access token and its permissions.

    `expires`: by the EHR's clock, in seconds. `ended`: the reason why it ended early; empty if it
    didn't.
    """

    scopes: tuple[str, ...]
    context: LaunchContext
    family: Family
    expires: float
    ended: str = ""

    def end(self, now: float) -> str:
        """Return the reason why it's no longer valid; empty while it's valid."""
        if self.ended:
            return self.ended
        if self.family.is_revoked:
            return "was revoked with all other tokens from its code"
        return "" if now < self.expires else f"expired {now - self.expires:.0f} s ago"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms for issuing tokens.

    `seconds`: lifetime of the access token. `scopes`: a function that maps the grantable scopes to
    the granted ones. `is_alive`: whether the access token is valid. `rotates`: whether a refresh
    replaces the refresh token.
    """

    seconds: int
    scopes: Callable[[tuple[str, ...]], tuple[str, ...]] = tuple
    is_alive: bool = True
    rotates: bool = True


@dataclass(frozen=True, slots=True)
class Issued:
    """New tokens; `refresh_token` is None if none was granted or the old one stays valid."""

    access_token: str
    access: AccessToken
    refresh_token: str | None
    seconds: int


class GrantRefusedError(Exception):
    """The EHR refuses this code or refresh token; `reason` is the reason that it reveals."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
