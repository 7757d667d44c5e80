"""Jobs at HAPI FHIR JPA behind Keycloak, which grants client_credentials for a signed assertion.

    .venv/bin/python -m tests.interop.hapi.backend

README.md in this folder says what it needs. Each line is one step; the exit status is 1 if one of
them failed. Not part of `make test`.
"""

import contextlib
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping

import jwt

from shared.smart import signing_keys
from tests.interop import backend_job, chart_session
from tests.interop.backend_job import OTHER_SCOPE, SCOPES, Service
from tests.interop.hapi.forwarder import forwarding
from tests.interop.hapi.servers import HAPI_TAG, hapi
from tests.interop.keycloak import realm
from tests.interop.keycloak.server import REALM, VERSION, Keycloak, running
from tests.interop.report import Report
from tests.support.ehr.signing_keys import pem

SERVICES = (
    Service("ES384"),
    Service("RS384", "rsa", "rsa"),
    Service("key-not-registered", cause="assertion_key_unknown", key_id="key-2"),
    # Its words: Invalid signature algorithm.
    Service("other-type-of-key", "p384", "rsa", cause="assertion_claims_wrong"),
    Service("not-enabled", enabled=False, cause="grant_not_enabled"),
    Service("scope-not-registered", scopes=f"{SCOPES} {OTHER_SCOPE}", cause="scope_not_registered"),
)


@contextlib.contextmanager
def standing() -> Iterator[tuple[Keycloak, str]]:
    """Run Keycloak with the services, and HAPI with two charts behind it."""
    with contextlib.ExitStack() as stack:
        keycloak = stack.enter_context(running(secrets.token_urlsafe(12)))
        realm.make(keycloak, [], f"openid {SCOPES}")
        for service in SERVICES:
            keycloak.admin(f"/realms/{REALM}/clients", _client(service))
        store = stack.enter_context(hapi())
        chart_session.write_charts(store)
        discovery = keycloak.discovery()
        accepted = _accepts(str(discovery["jwks_uri"]))
        yield keycloak, stack.enter_context(forwarding(store, discovery, accepted))


def _client(service: Service) -> Mapping[str, object]:
    algorithm = "RS384" if service.registered == "rsa" else "ES384"
    key = signing_keys.read(pem(service.registered), "key-1").public_jwk()
    return {
        "clientId": service.name,
        "protocol": "openid-connect",
        "publicClient": False,
        "standardFlowEnabled": False,
        "serviceAccountsEnabled": service.enabled,
        "clientAuthenticatorType": "client-jwt",
        "attributes": {
            "use.jwks.string": "true",
            "jwks.string": json.dumps({"keys": [key]}),
            "token.endpoint.auth.signing.alg": algorithm,
        },
        "optionalClientScopes": SCOPES.split(),
    }


def _accepts(jwks_uri: str) -> Callable[[str], bool]:
    """Return a check of a token's signature and time. Keycloak's userinfo is only for users."""
    keys = jwt.PyJWKClient(jwks_uri)

    def accepts(token: str) -> bool:
        try:
            key = keys.get_signing_key_from_jwt(token)
            jwt.decode(token, key, ["RS256"], options={"verify_aud": False})
        except jwt.PyJWTError:
            return False
        return True

    return accepts


def main() -> int:
    """Run everything; 1 if a step failed."""
    start, report = time.monotonic(), Report()
    with standing() as (keycloak, base):
        for service in SERVICES:
            backend_job.run(service, base, report, [keycloak.origin.removeprefix("http://")])
    took = round(time.monotonic() - start)
    print(f"HAPI {HAPI_TAG}, Keycloak {VERSION}: {report.summary()}, in {took} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
