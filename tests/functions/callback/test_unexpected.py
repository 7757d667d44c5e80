"""Unexpected errors after the EHR has granted access: the app still revokes the access."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from functions.callback import failure, main
from shared.config import settings_file
from shared.smart.client_auth import Clients
from shared.smart.launches import Pending
from tests.support.app.app import ehr_tables
from tests.support.app.deployment import NO_EHR
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, Tenant


@pytest.fixture
def finish(
    scripted: ScriptedEhr, monkeypatch: pytest.MonkeyPatch
) -> tuple[Tenant, Callable[[], object]]:
    """Return a tenant, and a callback for a launch there that gets to opening the session."""
    tenant = scripted.tenant()
    tenant.token["refresh_token"] = "refresh-1"
    text = 'public_url = "http://localhost:1"\nsealing_keys = ["env:K"]\n[store]\nkind = "sqlite"\n'
    settings, problems = settings_file.parse(text + ehr_tables(NO_EHR, scripted))
    assert settings is not None, problems
    pending = Pending(
        ehr="scripted",
        flow="ehr",
        iss=tenant.base,
        fhir_base=tenant.base,
        client_id="scripted-client",
        redirect_uri="http://localhost:1/callback",
        requested=("launch", "patient/*.rs"),
        scopes_supported=None,
        token_endpoint=f"{tenant.base}/auth/token",
        revocation_endpoint=f"{tenant.base}/auth/revoke",
        issuer=None,
        jwks_uri=None,
        sends_iss=False,
        assertion_algorithms=None,
        code_verifier="v" * 43,
        nonce=None,
        binding="",
    )

    class Broken:
        def open(self, *_: Any) -> None:
            raise LookupError("an unexpected error")

    running = SimpleNamespace(clients=Clients({}, {}), sessions=Broken())
    monkeypatch.setattr(main, "_running", running, raising=False)
    given = {"code": "c1", "state": "s"}
    attempt = failure.Attempt(pending, settings.ehr_by_key(pending.ehr))
    return tenant, lambda: main._open(attempt, given, pending.redirect_uri)


@pytest.mark.parametrize("answer", [Scripted(200), Scripted(500)])
def test_access_is_given_back_whatever_stops_the_launch_and_what_stopped_it_is_told(
    finish: tuple[Tenant, Callable[[], object]], answer: Scripted
) -> None:
    tenant, callback = finish
    tenant.on("/auth/revoke", answer)
    with pytest.raises(LookupError, match="an unexpected error"):
        callback()
    (revocation,) = tenant.hits("/auth/revoke")
    assert revocation.form["token"] == "refresh-1"
    assert revocation.form["token_type_hint"] == "refresh_token"
