"""The jobs of a project, and the backend services that they open (SMART App Launch 2.2, "Backend
Services"): a kind of access without a user, for the checks and calls of every other access.

Like shared/own/entry.py, this takes and returns only plain values.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from shared import fhir_id, held_bytes, scopes
from shared.config import issuers, settings_file
from shared.config.settings import Ehr, Settings
from shared.errors import (
    CodedError,
    DiscoveryFailed,
    DiscoveryInvalid,
    IssNotAllowed,
    Misconfigured,
    ParameterInvalid,
    TokenError,
    TokenInvalid,
)
from shared.fhir.access import Access
from shared.findings import ForUser
from shared.inbound.edge import Call, Edge
from shared.inbound.entry_point import Function
from shared.own import entry
from shared.own.entry import Result, Serve
from shared.own.in_flight import InFlight
from shared.smart import client_auth
from shared.smart.backend_tokens import BackendToken, BackendTokens

# The settings in an explanation, as a backend service has them.
_SETTINGS = {"`scopes`": "`system_scopes`"}
_NAMES = ("client_id", "private_key", "key_id")
_OWN_SETTINGS = {f"`{name}`": f"`backend_{name}`" for name in _NAMES}
_SENT = ("grant_type", "scope", "client_assertion_type", "client_assertion")
_AGAIN = "Run the job again in a minute."

# In a process, all jobs share the tokens.
_tokens: list[BackendTokens] = []


def register(name: str, serve: Serve) -> Function:
    """Return the entry point of a job. Call this while its module is loaded.

    It needs only the keys of backend services. An invalid configuration or key ends the process.
    """
    held_bytes.give_memory_back()
    settings = settings_file.from_environment()
    if settings is not None:
        settings = issuers.resolve(settings)
        _start(settings)

    def begin(settings: Settings, call: Call) -> InFlight:
        return InFlight(name, settings, None, call)

    edge = Edge(name, "page", refused="own_refused", browsers=False)
    return entry.made(edge, settings, serve, begin)


def _start(settings: Settings) -> None:
    services = tuple(_services(settings.ehrs))
    clients, problems = client_auth.resolve(replace(settings, ehrs=services))
    if problems:
        settings_file.stop(problems)
    _tokens[:] = [BackendTokens(clients)]


def _services(ehrs: Iterable[Ehr]) -> Iterable[Ehr]:
    return (service for one in ehrs if (service := one.backend) is not None)


def open_backend(mark: object, key: str, iss: str | None, patient: str | None) -> Result[object]:
    """Open the backend service of a registration, and return its mark. No token is fetched yet."""
    return entry.result(mark, lambda request: _opened(request, key, iss, patient))


def _opened(request: InFlight, key: str, iss: str | None, patient: str | None) -> object:
    settings = request.settings
    service = next((one for one in _services(settings.ehrs) if one.key == key), None)
    if service is None:
        raise Misconfigured(
            "The job's EHR isn't configured.",
            why="smart.toml has no [[ehr]] entry with this key and with system_scopes.",
            steps=("Add system_scopes to the entry, or correct the key in the job.",),
        )
    base = _base(settings, service, iss)
    if patient is not None and not re.fullmatch(fhir_id.PATTERN, patient):
        raise ParameterInvalid(
            "The job's patient isn't a FHIR id.",
            why="A FHIR id has 1 to 64 characters from A-Z, a-z, 0-9, - and .",
            steps=("Pass the id of the Patient resource, without `Patient/`.",),
        )
    tokens = _tokens[0]
    return request.beside(service, lambda: _access(tokens, service, base, patient))


def _base(settings: Settings, service: Ehr, iss: str | None) -> str:
    """Return the FHIR base: the first literal `iss`, or the named one if it's the registration's.

    Raise IssNotAllowed.
    """
    if iss is None:
        base = next(iter(service.literal_iss), None)
        why = "The entry has no literal `iss`, so the job must name one."
    else:
        base, why = settings.base_at(service, iss), IssNotAllowed.why
    if base is None:
        steps = ("Pass a FHIR base of this [[ehr]] entry: call.backend(KEY, iss=…).",)
        raise IssNotAllowed("The job's FHIR base isn't configured.", why=why, steps=steps)
    return base


def _access(tokens: BackendTokens, service: Ehr, base: str, patient: str | None) -> Access:
    """Return the access with the current token: to all patients, or to one.

    Raise the errors of shared/smart/backend_tokens.py, explained.
    """
    try:
        token = tokens.of(service, base)
    except (TokenError, TokenInvalid, DiscoveryFailed, DiscoveryInvalid) as error:
        raise explained(error, service) from None

    def renewed() -> Access | None:
        try:
            newer = tokens.newer(service, base, token)
        except (TokenError, TokenInvalid, DiscoveryFailed, DiscoveryInvalid) as error:
            raise explained(error, service) from None
        if newer is None:
            return None

        def refused_again() -> None:
            newer.in_vain = True

        return replace(_with(newer, service, base, patient), renewed=refused_again)

    return replace(_with(token, service, base, patient), renewed=renewed)


def _with(token: BackendToken, service: Ehr, base: str, patient: str | None) -> Access:
    granted = scopes.of_system(token.granted)
    grants = scopes.effective(granted, scopes.of_system(service.scopes))
    if patient is not None:
        # Then each scope covers only this patient, as a patient/ scope does.
        grants = tuple(replace(one, level="patient") for one in grants)
    return Access(
        service,
        base,
        token.value,
        patient,
        grants,
        oauth_endpoints=token.oauth_endpoints,
        missing=lambda: tuple(
            one for one in service.scopes if scopes.missing(scopes.of_system([one]), granted)
        ),
    )


def explained(error: CodedError, service: Ehr) -> CodedError:
    """Return the error with its cause, and with steps for the people who run the job."""
    steps = tuple(one for one in error.steps if not isinstance(one, ForUser)) or (_AGAIN,)
    if not isinstance(error, TokenError) or error.response_status is None:
        return error.again(steps=steps)
    from shared import explain

    message = explain.at_token_endpoint(error.response_status, error.response_text)
    sent = explain.AuthorizationRequest(
        vendor=service.vendor,
        flow="backend",
        client_id=service.client_id,
        client_auth=service.client_auth,
        scopes=service.scopes,
        parameters=_SENT,
    )
    causes = explain.diagnose(message, sent, where="token endpoint").causes
    if not causes:
        return error.again(steps=steps)
    first, own = causes[0], service.backend_private_key is not None
    renamed = _SETTINGS | (_OWN_SETTINGS if own else {})

    def named(text: str) -> str:
        for name, setting in renamed.items():
            text = text.replace(name, setting)
        return text

    why = named(f"{error.why} {first.title} {first.why}")
    return error.again(why=why, steps=tuple(map(named, first.steps)) or steps, cause=first.id)
