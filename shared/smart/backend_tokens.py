"""Access tokens for backend services (SMART App Launch 2.2, "Backend Services").

A signed assertion and the grant type `client_credentials` replace the user. There is one token for
each FHIR base. It stays in this process's memory, is never stored or logged, and is fetched once
for all threads that need it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.config.settings import Ehr
from shared.document_cache import DocumentCache
from shared.errors import Misconfigured, TokenInvalid
from shared.footprint import first_within
from shared.smart import token_endpoint
from shared.smart.client_auth import Clients
from shared.smart.discovery import Discovery, SmartConfiguration
from shared.smart.token_response import early_seconds

# If the EHR refuses a request with a new token too, another one won't help for this long.
LEFT_ALONE_SECONDS = 5.0
# Keeps a token below the size limit in shared/document_cache.py.
_MOST_SCOPES_BYTES = 30_000


@dataclass(slots=True, eq=False)
class BackendToken:
    """A token for one FHIR base. `granted` are its scopes, and `oauth_endpoints` those that no page
    link may lead to. `in_vain`: it replaced a refused token, and the EHR refused it for the same
    request.
    """

    value: str = field(repr=False)
    granted: tuple[str, ...]
    oauth_endpoints: tuple[str, ...]
    seconds: float
    fetched: float
    in_vain: bool = False


class BackendTokens:
    """Fetches and keeps the tokens of backend services, each an `Ehr.backend`."""

    def __init__(self, clients: Clients, clock: Callable[[], float] = time.monotonic) -> None:
        self._clients = clients
        self._clock = clock
        self._discovery = Discovery(clock)
        self._cache = DocumentCache[BackendToken](
            lambda token: token.seconds - early_seconds(token.seconds), clock
        )

    def of(self, ehr: Ehr, base: str) -> BackendToken:
        """Return a token for a normalized FHIR base. Raise the errors of discovery, TokenError,
        TokenInvalid, and Misconfigured if the EHR doesn't accept signed assertions.
        """
        return self._cache.get((ehr.key, base), lambda: self._fetch(ehr, base))

    def newer(self, ehr: Ehr, base: str, refused: BackendToken) -> BackendToken | None:
        """Return a newer token than one that the EHR refused (401), or None if a new one a moment
        ago didn't help. Raise the errors of `of`.
        """
        if refused.in_vain and self._clock() - refused.fetched < LEFT_ALONE_SECONDS:
            return None
        self._cache.drop((ehr.key, base), refused)
        return self.of(ehr, base)

    def _fetch(self, ehr: Ehr, base: str) -> BackendToken:
        configuration = self._discovery.find(ehr, base)
        self._require_accepted(ehr, configuration)
        endpoint = configuration.token_endpoint
        authentication = self._clients.authenticate(ehr, endpoint)
        try:
            response = token_endpoint.client_credentials(
                endpoint, authentication, scopes=ehr.scopes, ca_file=ehr.ca_file
            )
        except TokenInvalid as error:
            token_endpoint.revoke(configuration, self._clients, ehr, **error.issued)
            raise error.again(issued={}) from None
        # Without `scope`, everything was granted (RFC 6749 5.1).
        granted = ehr.scopes if response.scope is None else response.scope
        return BackendToken(
            response.access_token,
            first_within(_MOST_SCOPES_BYTES, granted, ehr.scopes),
            tuple(filter(None, (endpoint, configuration.revocation_endpoint)))
            + configuration.other_endpoints,
            response.expires_in,
            self._clock(),
        )

    def _require_accepted(self, ehr: Ehr, configuration: SmartConfiguration) -> None:
        listed, algorithm = configuration.assertion_algorithms, self._clients.algorithm(ehr)
        if not configuration.takes(ehr.client_auth):
            raise Misconfigured(
                "The EHR doesn't accept signed assertions.",
                why="The EHR's .well-known/smart-configuration lists neither private_key_jwt nor "
                "client-confidential-asymmetric, which backend services need.",
                steps=("Ask the EHR's operator whether it supports SMART Backend Services.",),
            )
        if listed is not None and algorithm not in listed:
            raise Misconfigured(
                "The EHR doesn't accept the backend service's key type.",
                why=f"The app signs with {algorithm}, which the EHR doesn't list in "
                "token_endpoint_auth_signing_alg_values_supported.",
                steps=("Register a key of the other type (RSA or P-384).",),
            )
