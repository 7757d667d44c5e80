"""The parts of an explanation: the EHR's message, the request, causes with their fixes."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal, Self

from shared.findings import Finding, Flow, ForUser, in_flow, steps_in_flow
from shared.frozen import dataclass

Certainty = Literal["certain", "likely", "possible"]
HOW_SURE: Mapping[Certainty, str] = {
    "certain": "The error proves this cause.",
    "likely": "This is the likely cause, but the error doesn't prove it.",
    "possible": "This is only one possible cause. The error doesn't show which one it is.",
}
Where = Literal[
    "authorize redirect", "error page", "token endpoint", "FHIR answer", "launch", "CDS call"
]
_Launch = Literal["launch_parameter_missing", "launch_scope_missing", "launch_value_invalid"]
_Context = Literal["patient_context_missing", "launch_patient_scope_on_provider", "state_unknown"]
_Client = Literal["client_id_mismatch", "client_unknown", "client_not_enabled_at_site"]
_Auth = Literal["client_auth_wrong", "assertion_key_unknown", "assertion_claims_wrong"]
_User = Literal["persona_mismatch", "tenant_mismatch", "user_mismatch", "user_not_permitted"]
_SignIn = Literal["user_declined", "user_credentials_wrong", "idp_policy", "session_ended"]
_Request = Literal["redirect_uri_mismatch", "aud_wrong", "request_malformed", "request_too_long"]
_Code = Literal["parameter_not_recognised", "pkce_mismatch", "code_expired_or_used"]
_Grant = Literal["grant_not_enabled", "refresh_not_granted", "refresh_reused", "flow_misused"]
_Scope = Literal["scope_not_registered", "scope_not_requested", "scope_syntax", "scope_trimmed"]
_Token = Literal["access_token_expired", "token_of_another_server", "token_not_in_header"]
_Jwt = Literal["signing_key_unknown", "opaque_token_decoded", "scope_version_mismatch"]
_Browser = Literal["cookies_blocked", "cors_blocked", "content_blocked", "frame_refused"]
_Network = Literal["network_unreachable", "tls_untrusted", "discovery_missing", "endpoint_wrong"]
_Fhir = Literal["fhir_base_wrong", "fhir_version_mismatch", "fhir_request_invalid"]
_Other = Literal["results_limited", "not_propagated_yet", "clock_skew", "ehr_side"]
_UntilTheCode = Literal[_Launch, _Context, _Client, _Auth, _User, _SignIn, _Request, _Code]
_AfterIt = Literal[_Grant, _Scope, _Token, _Jwt, _Browser, _Network, _Fhir, _Other]
CauseId = Literal[_UntilTheCode, _AfterIt, "not_a_launch_problem"]
Kind = Literal["explained", "asks", "ehr_side", "not_a_launch"]
_NOT_A_LAUNCH: frozenset[CauseId] = frozenset({"not_a_launch_problem", "fhir_version_mismatch"})


@dataclass(frozen=True, slots=True)
class Cause(Finding):
    """One possible cause. `why` explains it in a sentence or two. Each of `steps` is one action.

    `source` names the evidence: a document, an observation, or an inference marked as such. A
    `certain` cause is proven by the error, the vendor's documents or the request. With
    `at_refresh`, only a refresh can have the cause. `plainly` is the title for a clinician.
    `headline` states what happened, if that's more than the error states. If it `accuses` a person,
    it's shown only for a certain cause. `first` lists what the user must do before the next launch,
    which would otherwise fail too.
    """

    id: CauseId
    certainty: Certainty = "possible"
    source: str = ""
    at_refresh: bool = False
    plainly: str = ""
    headline: str = ""
    accuses: bool = False
    first: tuple[ForUser, ...] = ()

    def __call__(
        self,
        certainty: Certainty,
        why: str | None = None,
        *steps: str,
        source: str = "",
        title: str = "",
        plainly: str = "",
        at_refresh: bool = False,
    ) -> Self:
        """Return this cause of one error. The given texts replace the general ones."""
        return replace(
            self,
            title=title or self.title,
            steps=steps or self.steps,
            why=why or self.why,
            certainty=certainty,
            source=source,
            at_refresh=at_refresh,
            plainly=plainly or self.plainly,
            first=() if plainly else self.first,
        )

    @property
    def how_sure(self) -> str:
        """The certainty, as a sentence for pages."""
        return HOW_SURE[self.certainty]

    def in_flow(self, flow: Flow, instead: str = "") -> Self:
        """Return the cause for a flow, with the step `instead` if no step is left."""
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
        key: `vendor/name`, a stable id. The vendor is
            the name of a profile in shared/vendors/, and `generic` for the errors of RFC 6749
            and OpenID Connect.
        says: the text that people search for.
        where: the response or page that the error appears in.
        meaning: the meaning of the error, in a sentence.
        causes: the most probable first.
        source: the document or report that the error is known from.
        urns: URNs of the error, in the normal form of `shared.explain.parsing.urns`.
        oauth_errors: `error` codes that identify it at this vendor without other text.
        patterns: case-insensitive regular expressions of its documented texts. A vendor's count
            only if the text shows the vendor, or if the entry is unmistakable.
        about: what its sentences are about (`shared.explain.parsing.concepts.fits`), in whatever
            words. `@token` is the step, `=invalid_grant` the code, and `by:browser` the speaker.
        alone: whether its patterns are unmistakable, so that they also show their speaker.
        statuses: HTTP statuses that identify it in a response without an error code.
        lacks: parameters of the request that the error reports as missing, or as lacking their
            only valid value.
    """

    key: str
    says: str
    where: Where
    meaning: str
    causes: tuple[Cause, ...]
    source: str
    urns: tuple[str, ...] = ()
    oauth_errors: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    alone: bool = False
    statuses: tuple[int, ...] = ()
    lacks: tuple[str, ...] = ()

    @property
    def vendor(self) -> str:
        """The vendor of this error, from the key."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, slots=True)
class EhrMessage:
    """The parts of an EHR's message, all of them untrusted text.

    `urn` is in normal form. `client`, `tenant`, `persona` and `instance` (the EHR's correlation id)
    come from an `error_uri`. `status` is the HTTP status, if known. With `cut`, only the first and
    the last part of a long text were read.
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
    cut: bool = False


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that this app sent or that a text describes. Unknown parts are None.

    `flow` distinguishes an EHR launch (with a `launch` value), a standalone launch, and a backend
    service, which has no user. `parameters` has the names of the authorization parameters that the
    request had or the text mentions. For a text, `carried` has the parameters that it shows with a
    value, and `whole` is true if it shows the request's URL. `basic_form` is the form of the Basic
    credentials, or None if form encoding doesn't change them.
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
    """The configuration of one registration. Missing settings are None or ().

    `iss` has FHIR bases, some ending in `/*`.
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
    """The one change that fixes a launch: `line` of the authorization request, and `setting` of
    smart.toml or of the writer's own configuration, or None if neither is known.
    """

    line: str
    setting: str | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result: the meaning of the error and its causes, the most probable first.

    `corrected_request` maps each authorization parameter to its correct value, or is None if
    nothing shows that the request was wrong. `change` fixes the most probable cause. `ask` lists
    the texts to paste next, and is never empty if no cause is certain or likely.
    """

    message: EhrMessage
    meaning: str
    causes: tuple[Cause, ...]
    corrected_request: Mapping[str, str] | None = None
    change: Change | None = None
    config_findings: tuple[Finding, ...] = field(default=())
    ask: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """The kind of diagnosis: a cause, a question, or an error that isn't this app's."""
        first = self.causes[0] if self.causes else None
        if first is None or first.certainty == "possible":
            return "asks"
        if first.id in _NOT_A_LAUNCH:
            return "not_a_launch"
        return "ehr_side" if first.id == "ehr_side" else "explained"
