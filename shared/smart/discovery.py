"""SMART discovery: an EHR's endpoints from {FHIR base}/.well-known/smart-configuration.

SMART App Launch 2.2, "Conformance". Endpoints come only from that document, and must be on hosts
that are configured for the EHR, because a document may combine an honest authorization endpoint
with an attacker's token endpoint (RFC 9700 4.4.2). S256 is used even if the document doesn't list
it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from shared import json_members, urls
from shared.config.settings import Ehr
from shared.document_cache import DocumentCache
from shared.errors import ADMINISTRATOR, DiscoveryFailed, DiscoveryInvalid
from shared.footprint import first_within
from shared.frozen import dataclass
from shared.outbound import http_client, waiting

SECONDS = 5.0
MAX_BYTES = 1_000_000
KEEP_SECONDS = 600.0

# Memory limits, in bytes, for lists that an EHR could make arbitrarily long. Together with six
# URLs, a document stays below the 64 kB limit of shared/document_cache.py.
_MOST_SCOPES_BYTES = 30_000
_MOST_NAMES_BYTES = 4_000
_LONGEST_URL = 2000
_LAUNCH_SCOPES = ("launch", "launch/patient", "launch/encounter")
_ISSUER_STEP = (
    "Ask the EHR's operator to correct `issuer`, or remove `response_iss` and give the [[ehr]] "
    "entry its own `redirect_path`."
)
# SMART App Launch 2.2, "Capabilities": the capability that covers each client authentication
# method.
_COVERS: Mapping[str, str] = {
    "client_secret_basic": "client-confidential-symmetric",
    "client_secret_post": "client-confidential-symmetric",
    "private_key_jwt": "client-confidential-asymmetric",
}
# The capabilities that a launch checks, here and in shared/smart/launches.py.
_CAPABILITIES = (*_COVERS.values(), "authorize-post", "context-standalone-patient")


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """The parts of the document that a launch or a backend service needs. All endpoints are
    absolute URLs on the EHR's hosts. `authorization_endpoint` is "" if a backend service's EHR has
    none.

    `auth_methods` and `assertion_algorithms` (RS384, ES384) are for the token endpoint, and are
    None if the document lists none. `registration_endpoint` may be on any host, because nothing is
    ever sent to it.
    """

    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str | None
    issuer: str | None
    jwks_uri: str | None
    sends_iss: bool
    takes_post: bool
    scopes_supported: tuple[str, ...]
    auth_methods: tuple[str, ...] | None
    assertion_algorithms: tuple[str, ...] | None
    registration_endpoint: str | None = None
    capabilities: tuple[str, ...] = ()

    @property
    def other_endpoints(self) -> tuple[str, ...]:
        """The OAuth endpoints that a session stores only to never send a token there."""
        both = (self.authorization_endpoint, self.registration_endpoint)
        return tuple(one for one in both if one)

    def takes(self, client_auth: str) -> bool:
        """Return whether the token endpoint accepts a method, because it's listed, a capability
        covers it, or no methods are listed.

        Inferno's reference server accepts Basic, although it lists only private_key_jwt and the
        capability. Public clients always pass: Oracle Health accepts them without listing `none`.
        """
        listed = client_auth in (self.auth_methods or (client_auth,))
        return client_auth == "none" or listed or _COVERS[client_auth] in self.capabilities


class Discovery:
    """Fetches the configuration of each FHIR base, and caches it for 10 minutes, or a failure for 5
    seconds. A launch stores the configuration that it uses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._cache = DocumentCache[SmartConfiguration](KEEP_SECONDS, clock)

    def find(self, ehr: Ehr, base: str) -> SmartConfiguration:
        """Return the configuration of a normalized FHIR base. Raise DiscoveryFailed,
        DiscoveryInvalid, and Overloaded while its host hangs.
        """
        key = (ehr.key, base)
        if not self._cache.has(key):
            waiting.admit(base, base)
        return self._cache.get(key, lambda: _read(ehr, base))


def _read(ehr: Ehr, base: str) -> SmartConfiguration:
    body, hosts = fetch(ehr, base).body, allowed_hosts(ehr, base)
    identity, launches = "openid" in ehr.scopes, not ehr.is_backend
    configuration = parse(body, base, hosts, identity=identity, launches=launches)
    require_issuer(ehr, base, configuration)
    return _within_bounds(configuration, ehr)


def _within_bounds(configuration: SmartConfiguration, ehr: Ehr) -> SmartConfiguration:
    """Shorten lists that are too long to cache, keeping what this registration needs."""
    stems = {scope.partition(".")[0] for scope in ehr.scopes} | {"patient/*", "user/*"}
    related = [one for one in configuration.scopes_supported if one.partition(".")[0] in stems]
    scopes = (*ehr.scopes, *_LAUNCH_SCOPES, *related)
    methods = configuration.auth_methods
    return replace(
        configuration,
        scopes_supported=first_within(_MOST_SCOPES_BYTES, configuration.scopes_supported, scopes),
        capabilities=first_within(_MOST_NAMES_BYTES, configuration.capabilities, _CAPABILITIES),
        auth_methods=methods and first_within(_MOST_NAMES_BYTES, methods, ("none", *_COVERS)),
    )


def fetch(ehr: Ehr, base: str) -> http_client.Answer:
    """Fetch the document of a normalized FHIR base, and return the unparsed response (status 200).

    Raise DiscoveryFailed if the EHR doesn't respond, DiscoveryInvalid if it has no document.
    """
    url = f"{base}/.well-known/smart-configuration"
    try:
        response = http_client.send(
            "GET",
            url,
            seconds=SECONDS,
            max_bytes=MAX_BYTES,
            headers={"Accept": "application/json", **ehr.client_id_headers},
            ca_file=ehr.ca_file,
        )
    except http_client.UnusableBody as error:
        raise DiscoveryInvalid(evidence={"document": url, "reason": str(error)}) from None
    except http_client.OutboundError as error:
        raise DiscoveryFailed(evidence={"document": url, "reason": str(error)}) from None
    if response.status != 200:
        evidence = {"document": url, "status": str(response.status)}
        if response.status == 429 or response.status >= 500:
            why = f"The EHR responded with status {response.status}."
            raise DiscoveryFailed(why=why, evidence=evidence)
        raise DiscoveryInvalid(
            why="The EHR has no .well-known/smart-configuration at this FHIR base. The response "
            f"had status {response.status}.",
            cause="tenant_mismatch",
            evidence=evidence,
        )
    return response


def allowed_hosts(ehr: Ehr, base: str) -> frozenset[str]:
    """Return the allowed hosts for this EHR's endpoints: the FHIR base's and configured ones."""
    return ehr.endpoint_hosts | {urls.authority(base)}


def require_issuer(ehr: Ehr, base: str, configuration: SmartConfiguration) -> None:
    """Raise DiscoveryInvalid if the registration relies on `iss` and the issuer isn't trustworthy.

    Any document can claim another server's issuer. `iss` identifies the server that responded only
    if the issuer has the scheme, host and port of the token endpoint, which gets the code.
    """
    if not ehr.response_iss:
        return
    try:
        issuer = urls.origin(configuration.issuer or "")
        usable = issuer == urls.origin(configuration.token_endpoint)
    except ValueError:
        usable = False
    if not usable:
        raise DiscoveryInvalid(
            why="The registration sets response_iss, but `issuer` in the EHR's "
            ".well-known/smart-configuration doesn't have the scheme, host and port of its "
            "token_endpoint.",
            steps=(_ISSUER_STEP, ADMINISTRATOR),
            evidence={"base": base},
        )


def parse(
    body: bytes,
    base: str,
    hosts: frozenset[str],
    *,
    identity: bool = True,
    launches: bool = True,
) -> SmartConfiguration:
    """Parse a document. Without `identity`, ignore `jwks_uri`. Without `launches`, the document
    needs no authorization_endpoint.

    Raise DiscoveryInvalid with the name of the invalid field.
    """
    document = json_members.document(body)
    if document is None:
        raise DiscoveryInvalid(why="The document isn't a JSON object.", evidence={"base": base})
    reader = _Reader(document, base, hosts)
    capabilities = _texts(document.get("capabilities"))
    authorize = reader.required if launches else reader.endpoint
    return SmartConfiguration(
        authorization_endpoint=authorize("authorization_endpoint") or "",
        token_endpoint=reader.required("token_endpoint"),
        revocation_endpoint=reader.endpoint("revocation_endpoint"),
        issuer=reader.text("issuer"),
        jwks_uri=reader.endpoint("jwks_uri") if identity else None,
        takes_post="authorize-post" in capabilities,
        sends_iss=document.get("authorization_response_iss_parameter_supported") is True,
        scopes_supported=_texts(document.get("scopes_supported")),
        auth_methods=_texts(document.get("token_endpoint_auth_methods_supported")) or None,
        assertion_algorithms=_usable_algorithms(
            _texts(document.get("token_endpoint_auth_signing_alg_values_supported"))
        ),
        registration_endpoint=reader.text("registration_endpoint"),
        capabilities=capabilities,
    )


def _usable_algorithms(listed: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the listed algorithms that this app can sign with."""
    return tuple(name for name in ("RS384", "ES384") if name in listed) if listed else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in json_members.items(value) if isinstance(one, str))


class _Reader:
    def __init__(self, document: dict[str, Any], base: str, hosts: frozenset[str]) -> None:
        self._document = document
        self._base = base
        self._hosts = hosts

    def invalid(self, name: str, what: str) -> DiscoveryInvalid:
        return DiscoveryInvalid(
            why=f"In the EHR's .well-known/smart-configuration, {name} {what}.",
            evidence={"base": self._base, "member": name},
        )

    def text(self, name: str) -> str | None:
        """Return a URL that is only compared with others, so it may have any form."""
        value = self._document.get(name)
        if isinstance(value, str) and len(value) > _LONGEST_URL:
            raise self.invalid(name, f"is longer than {_LONGEST_URL} characters")
        return value if isinstance(value, str) and value else None

    def required(self, name: str) -> str:
        url = self.endpoint(name)
        if url is None:
            raise self.invalid(name, "is missing")
        return url

    def endpoint(self, name: str) -> str | None:
        value = self._document.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or not urls.is_plain(value):
            raise self.invalid(name, "is not a URL")
        try:
            url = urls.resolve(self._base, value)
            host = urls.authority(url)
        except ValueError:
            raise self.invalid(name, "is not a plain http(s) URL") from None
        if self._base.startswith("https:") and not url.lower().startswith("https:"):
            raise self.invalid(name, "is not https")
        if host not in self._hosts:
            raise self.invalid(name, f"is on a host that isn't configured, {host}")
        if "#" in url:
            raise self.invalid(name, "has a fragment")
        return url
