"""Gather the facts about a failure: the EHR's message, the request and the registration.

They help to decide which of an error's possible causes is the actual one.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from shared.explain.model import (
    AuthorizationRequest,
    CauseId,
    Certainty,
    EhrMessage,
    Entry,
    Registered,
    Where,
)
from shared.explain.parsing import claims, shown_request, shown_scopes
from shared.explain.parsing.find import Match, Proof
from shared.explain.parsing.said import Said, hear, without_noise
from shared.explain.parsing.vendor import persona_of
from shared.explain.ranking.registrations import tenants
from shared.findings import Flow
from shared.patterns import any_case
from shared.vendors import OWN, Profile, habits_of

_MOST_NAMED = 5
# So few words are a message, not a page about messages.
_FEW = 24
_ACCOUNT = re.compile(
    r"\b(?:I|we|our|my|us|me)\b|\?|\b(?:error|exception|fails|failed)\b|\btoken_type\b|["
    r"{]|^\W{0,3}(?:unable|invalid|cannot|unknown|missing|no)\b",
    re.IGNORECASE | re.MULTILINE,
)
_MINE = any_case(r"(?<!\bdo )(?<!\bcan )(?<!\bshould )\b(?:I|I'm|I've|we|we're|we've|our|my)\b")
_FAILURE = any_case(
    r"\b(?:errors?|exception|fails?|failed|failing|issues?|problems?|bug|unable|stopped|broken"
    r"|stuck)\b|(?:\bnot|n't) (?:\w+ )?(?:work|get|receiv|find|able)|\b[45]\d\d\b"
)
_DECLINED = re.compile(r"declin|den(?:y|ied)|cancel|consent|reject|refus|abort", re.IGNORECASE)
_LATER = ("token", "refresh", "FHIR")
REQUEST_PLACES = frozenset({"authorize redirect", "error page", "launch"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence for one cause. `why` states the evidence, and `steps` are the actions to take.

    `certainty` is None for a detail of a cause, which doesn't make the cause more probable.
    `source` is the document or observation that the evidence comes from. `denied` means that the
    writer of the text contradicts it. With `told`, it only orders causes that are equal otherwise.
    """

    id: CauseId
    certainty: Certainty | None
    why: str
    source: str
    steps: tuple[str, ...] = ()
    denied: bool = False
    told: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything known about one failure.

    `from_text` means that `sent` comes only from a pasted text, which may describe a request other
    than the one that failed. Otherwise this app sent the request. `registered` is empty if the
    failure isn't about a configured registration.
    """

    message: EhrMessage
    sent: AuthorizationRequest
    from_text: bool
    registered: Registered
    matches: tuple[Match, ...]
    vendor: str | None
    where: Where | None = None

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The catalogue's entries that explain the message, the best proof first."""
        return tuple(one.entry for one in self.matches)

    @property
    def proof(self) -> Proof:
        """The basis of the best explanation, or the writer's account if there's none."""
        return self.matches[0].proof if self.matches else Proof.TOLD

    @cached_property
    def habits(self) -> Profile:
        """The profile of the vendor, or the generic one if it's unknown."""
        return habits_of(self.vendor)

    @cached_property
    def family(self) -> frozenset[CauseId]:
        """The causes that the error can have at all."""
        return frozenset(cause.id for entry in self.entries for cause in entry.causes)

    @property
    def at_request(self) -> bool:
        """Whether the authorization request probably failed, and not a later one."""
        if self.where is not None:
            return self.where in REQUEST_PLACES
        if self.matches and (said := self.matches[0].said) and said.step in _LATER:
            return False
        if self.backend or "came_back" in self.claims.signs:
            # A backend service sends none, and a returned code shows that the EHR accepted it.
            return False
        return not self.entries or any(one.where in REQUEST_PLACES for one in self.entries)

    @property
    def by_code(self) -> bool:
        """Whether only a code identifies the failure, without a server's message."""
        return self.proof >= Proof.BARE

    def may_be(self, *causes: CauseId) -> bool:
        """Return whether the error can have one of these causes. An unknown error always can."""
        return self.proof is Proof.TOLD or not self.family.isdisjoint(causes)

    @property
    def is_shown(self) -> bool:
        """Whether the entire request is known: this app sent it, or the text shows its URL."""
        return not self.from_text or self.sent.whole

    @property
    def lacks(self) -> frozenset[str]:
        """The parameters that the error reports as missing."""
        return frozenset(name for entry in self.entries for name in entry.lacks)

    @property
    def refuted(self) -> frozenset[str]:
        """The parameters that the error reports as missing, but the request had."""
        return self.lacks & set(self.sent.carried if self.from_text else self.sent.parameters or ())

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """The requested scopes: those sent, otherwise those configured."""
        return self.registered.scopes if self.sent.scopes is None else self.sent.scopes

    @cached_property
    def shown_scopes(self) -> shown_scopes.ShownScopes:
        """The lists of scopes in the text, all empty if this app sent the request."""
        return shown_scopes.scopes_in(self.message.text) if self.from_text else _NO_SCOPES

    @property
    def granted(self) -> tuple[str, ...] | None:
        """The scopes that were granted according to the text, or None if it doesn't say."""
        return self.shown_scopes.granted

    @cached_property
    def pasted(self) -> str:
        """The pasted text without its noise, or an empty text if this app sent the request."""
        return without_noise(self.message.text) if self.from_text else ""

    @cached_property
    def heard(self) -> tuple[Said, ...]:
        """The sentences of the pasted text that look like errors, the most explicit first."""
        return hear(self.pasted)

    @cached_property
    def claims(self) -> claims.Claims:
        """The claims in the pasted text, which count less than a server's message."""
        return claims.claims_in(self.pasted)

    @property
    def denied(self) -> frozenset[CauseId]:
        """The causes that the writer rules out. If the server's own reason for `access_denied` is a
        different one, the user didn't decline.
        """
        words = self.message.description
        other = (
            words and self.message.oauth_error == "access_denied" and not _DECLINED.search(words)
        )
        return self.claims.denied | ({"user_declined"} if other and self.from_text else set())

    @cached_property
    def named_by_app(self) -> tuple[str, ...]:
        """The ids of the causes in this app's own page or log line, which knew the request."""
        return shown_request.causes_named_in(self.message.text) if self.from_text else ()

    @property
    def is_account(self) -> bool:
        """Whether the text reports one failure: in the first person, as a question, or with a
        status, a code or a message. Other texts are about failures in general.
        """
        message = self.message
        shown = message.status and re.search(r"https?://|HTTP/|^\S+ /|/token\b", self.pasted)
        named = message.oauth_error or message.description or shown
        alone = len(self.pasted.split()) <= _FEW
        return bool(named or alone or not self.from_text or _ACCOUNT.search(self.pasted))

    @property
    def is_report(self) -> bool:
        """Whether the writer reports a failure, and not only asks or explains."""
        return bool(_MINE.search(self.pasted) and _FAILURE.search(self.pasted))

    @property
    def of_any_app(self) -> bool:
        """Whether the text may be about any app, as it neither has nor configures this one."""
        own = bool(self.entries) and self.entries[0].vendor == OWN.name
        return self.from_text and not (self.registered.key or self.named_by_app or own)

    @property
    def backend(self) -> bool:
        """Whether a backend service sent the request, without user, browser or redirect."""
        return self.sent.flow == "backend"

    @property
    def flow(self) -> Flow:
        """The flow that selects the texts: standalone only if this app started the launch."""
        if self.backend:
            return "backend"
        alone = not self.from_text and self.sent.flow == "standalone"
        return "standalone" if alone else "ehr"

    @property
    def where_scopes(self) -> str:
        """The source of `scopes`, in words."""
        if self.sent.scopes is None:
            return "`scopes` in smart.toml"
        return "the list of scopes in the text" if self.from_text else "the request"

    @property
    def client_id(self) -> str | None:
        """The client id that the EHR should have seen."""
        return self.registered.client_id or self.sent.client_id

    @property
    def bases(self) -> tuple[str, ...]:
        """The FHIR bases that the request may have been for."""
        return self.registered.iss if self.sent.aud is None else (self.sent.aud,)

    @property
    def tenants(self) -> tuple[str, ...]:
        """The tenants of the FHIR bases, or none if any tenant is allowed or none is known."""
        if any(base.endswith("/*") for base in self.bases):
            return ()
        bases = [base.rstrip("/") for base in self.bases]
        if not self.registered.key:
            # A base in a text may be any EHR's. At Oracle Health, the tenant comes after the FHIR
            # version.
            bases = [base for base in bases if re.search(r"/(?:r4|dstu2)/[^/]+\Z", base.lower())]
        return tenants(bases)

    @property
    def redirect_uri(self) -> str | None:
        """The configured redirect URI, otherwise the one that was sent."""
        return self.registered.redirect_uri or self.sent.redirect_uri

    @cached_property
    def persona(self) -> str | None:
        """The kind of user, `provider` or `patient`, from the EHR's message or its FHIR host."""
        return self.message.persona or self.host_persona

    @cached_property
    def host_persona(self) -> str | None:
        """The kind of user from the hosts of the FHIR bases."""
        hosts = {persona_of(base) for base in self.bases}
        return hosts.pop() if len(hosts) == 1 else None


_NO_SCOPES = shown_scopes.ShownScopes()


def named(names: list[str] | tuple[str, ...]) -> str:
    """Return the first few names as code, and how many more there are."""
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
