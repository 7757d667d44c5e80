"""When a backend service's token is fetched again: before it expires, at a clock of the test's."""

import json
from dataclasses import replace

import pytest

from shared.config.settings import Ehr
from shared.smart import backend_tokens, token_endpoint, token_response
from shared.smart.backend_tokens import BackendTokens
from shared.smart.client_auth import ClientAuthentication, Clients
from shared.smart.discovery import Discovery, parse
from tests.support.app.open_session import EHR, FHIR_BASE
from tests.support.tables import each

SERVICE = replace(EHR, client_auth="private_key_jwt", system_scopes=("system/*.rs",)).backend
DOCUMENT = b'{"token_endpoint": "https://ehr.example/token"}'


@each(
    ("expires_in", "usable"),
    [(3600, 3540), (400, 340), (300, 240), (100, 80), (10, 8), (None, 240), (200_000, 86_340)],
)
def test_a_token_is_kept_until_a_minute_or_a_fifth_before_its_end(
    expires_in: int | None, usable: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, fetched = [1000.0], []

    def grant(*_: object, **__: object) -> token_response.TokenResponse:
        fetched.append(now[0])
        life = {} if expires_in is None else {"expires_in": expires_in}
        issued = {"access_token": "t", "token_type": "Bearer", **life}
        return token_response.parse(json.dumps(issued).encode(), {})

    def find(_: Discovery, ehr: Ehr, base: str) -> object:
        return parse(DOCUMENT, base, frozenset({"ehr.example"}), launches=not ehr.is_backend)

    monkeypatch.setattr(token_endpoint, "client_credentials", grant)
    monkeypatch.setattr(Discovery, "find", find)
    monkeypatch.setattr(Clients, "authenticate", lambda *_: ClientAuthentication({}, {}))
    assert SERVICE is not None
    tokens = BackendTokens(Clients({}, {}), lambda: now[0])
    for after in (0.0, usable - 0.5, usable + 0.5):
        now[0] = 1000 + after
        tokens.of(SERVICE, FHIR_BASE)
    assert fetched == [1000, 1000 + usable + 0.5]
    assert backend_tokens.BackendToken("secret", (), (), 1, 1).__repr__().count("secret") == 0
