"""What an explanation is made of: what the EHR said, what was sent, causes with their fixes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from shared.findings import Finding, Flow, ForUser, in_flow, steps_in_flow

Certainty = Literal["certain", "likely", "possible"]
Where = Literal[
    "authorize redirect", "error page", "token endpoint", "FHIR answer", "launch", "CDS call"
]
CauseId = Literal[
    "launch_parameter_missing",
    "launch_scope_missing",
    "launch_patient_scope_on_provider",
    "launch_value_invalid",
    "client_id_mismatch",
    "client_unknown",
    "client_not_enabled_at_site",
    "persona_mismatch",
    "tenant_mismatch",
    "user_mismatch",
    "user_not_permitted",
    "patient_context_missing",
    "redirect_uri_mismatch",
    "aud_wrong",
    "request_malformed",
    "parameter_not_recognised",
    "request_too_long",
    "scope_not_registered",
    "scope_syntax",
    "scope_trimmed",
    "code_expired_or_used",
    "client_auth_wrong",
    "clock_skew",
    "pkce_mismatch",
    "cookies_blocked",
    "access_token_expired",
    "session_ended",
    "user_declined",
    "fhir_request_invalid",
    "not_propagated_yet",
    "ehr_side",
    "cors_blocked",
    "refresh_not_granted",
    "refresh_reused",
    "state_unknown",
    "assertion_key_unknown",
    "assertion_claims_wrong",
    "signing_key_unknown",
    "fhir_base_wrong",
    "fhir_version_mismatch",
    "endpoint_wrong",
    "discovery_missing",
    "tls_untrusted",
    "frame_refused",
    "user_credentials_wrong",
    "token_of_another_server",
    "token_not_in_header",
    "opaque_token_decoded",
    "grant_not_enabled",
    "scope_not_requested",
    "results_limited",
    "flow_misused",
    "not_a_launch_problem",
]
Kind = Literal["explained", "asks", "ehr_side", "not_a_launch"]
_NOT_A_LAUNCH: frozenset[CauseId] = frozenset({"not_a_launch_problem", "fhir_version_mismatch"})


@dataclass(frozen=True, slots=True)
class Cause(Finding):
    """One possible cause. `why` is a sentence or two; `steps` mend it, one action each.

    `source` names where it is known from: a document, an observation, or an inference marked so.
    `certain` is what the error or its vendor's documents prove, or the request that was sent.
    `at_refresh` tells a cause that only a refresh can have. `plainly` is the title for a clinician;
    `headline`, `accuses` and `first` are those of its kind
    (shared/explain/catalogue/causes.py).
    """

    id: CauseId
    certainty: Certainty = "possible"
    source: str = ""
    at_refresh: bool = False
    plainly: str = ""
    headline: str = ""
    accuses: bool = False
    first: tuple[ForUser, ...] = ()

    def in_flow(self, flow: Flow, instead: str = "") -> Self:
        """The cause as a flow has it, with the step `instead` if none is left."""
        return replace(
            self,
            why=in_flow(self.why, flow) or "",
            plainly=in_flow(self.plainly, flow) or "",
            steps=steps_in_flow(self.steps, flow) or steps_in_flow((instead,), flow),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One error of one vendor in the catalogue.

    Fields:
        key: stable, `vendor/name`; the anchor in docs/troubleshooting/. The vendor is the name of
            its profile in shared/vendors/; the generic one is for RFC 6749 and OpenID Connect.
        says: the text by which people search for it; by default the first URN.
        where: where it shows.
        urns: URNs that mean it, in the normal form of `shared.explain.parsing.parse`.
        oauth_errors: `error` codes that alone mean it for this vendor.
        patterns: regular expressions of a text that means it, matched without case.
        statuses: HTTP statuses that alone mean it, of an answer that names no error.
        lacks: parameters of the request which the error says were not sent, or not with the one
            value that they can have.
        meaning: what the error says, in a sentence.
        causes: the most probable first. One that names no source has the entry's.
        source: where the error is known from.
    """

    key: str
    where: Where
    meaning: str
    causes: tuple[Cause, ...]
    source: str = "inferred"
    says: str = ""
    urns: tuple[str, ...] = ()
    oauth_errors: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    lacks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Fill in what an entry leaves to its other fields."""
        object.__setattr__(self, "says", self.says or self.urns[0])
        causes = tuple(replace(one, source=one.source or self.source) for one in self.causes)
        object.__setattr__(self, "causes", causes)

    @property
    def vendor(self) -> str:
        """The vendor whose error this is, as the key names it."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, slots=True)
class EhrMessage:
    """What an EHR said, taken apart. Everything in it is the words of others.

    `urn` is in normal form. `client`, `tenant`, `persona` and `instance` (its correlation id) are
    those of an `error_uri`. `status` is the HTTP status where it is known.
    """

    vendor: str | None = None
    urn: str | None = None
    oauth_error: str | None = None
    description: str | None = None
    instance: str | None = None
    persona: str | None = None
    client: str | None = None
    tenant: str | None = None
    status: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What this app sent, as far as it is known: None where it is not.

    `flow` tells an EHR launch (with a `launch` value) from a standalone one, and both from a
    backend service, which has no user. `parameters` holds the names of authorization parameters
    that a text mentions or a request carried; of a text, `carried` those that it shows with a
    value, `whole` whether it shows the request's address. `basic_form` is the form of the Basic
    credentials, None if the other form would have been the same.
    """

    vendor: str | None = None
    flow: Flow | None = None
    client_id: str | None = None
    client_auth: str | None = None
    basic_form: str | None = None
    redirect_uri: str | None = None
    aud: str | None = None
    scopes: tuple[str, ...] | None = None
    parameters: tuple[str, ...] | None = None
    scopes_supported: tuple[str, ...] | None = None
    carried: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """What the configuration says of one registration, read leniently: None or () where unsaid.

    `iss` holds FHIR bases, some ending in `/*`.
    """

    key: str
    vendor: str | None = None
    client_id: str | None = None
    scopes: tuple[str, ...] = ()
    iss: tuple[str, ...] = ()
    redirect_uri: str | None = None
    client_auth: str | None = None
    standalone: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """The one line to change: `line` of the authorization request, and what that is in smart.toml,
    None where no setting has it.
    """

    line: str
    setting: str | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer: what the error means and why it came, the most probable cause first.

    `corrected_request` names each authorization parameter with the value it should have, None if
    nothing is known to be wrong with the request. `change` is the line of it that fixes the most
    probable cause. `ask` lists what to paste next: never empty if no cause is certain or likely.
    """

    said: EhrMessage
    meaning: str
    causes: tuple[Cause, ...]
    corrected_request: Mapping[str, str] | None = None
    change: Change | None = None
    config_findings: tuple[Finding, ...] = field(default=())
    ask: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Return what sort of answer this is: a cause, a question, or someone else's fault."""
        first = self.causes[0] if self.causes else None
        if first is None or first.certainty == "possible":
            return "asks"
        if first.id in _NOT_A_LAUNCH:
            return "not_a_launch"
        return "ehr_side" if first.id == "ehr_side" else "explained"
