"""A second app whose registrations are the special cases of a launch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app.app import App
from tests.support.app.servers import free_port, serve_app
from tests.support.app.special_registrations import FILTERED, Pending, Special
from tests.support.ehr.scripted_ehr import ScriptedEhr, as_json


@pytest.fixture(scope="session")
def other() -> Iterator[ScriptedEhr]:
    """A host that no registration names, except for group `p` and as an endpoint host of `h`."""
    server = ScriptedEhr()
    yield server
    server.close()


@pytest.fixture(scope="session")
def special(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr, other: ScriptedEhr
) -> Iterator[Special]:
    deep, lists, lists_not = (scripted.tenant("s") for _ in range(3))
    deep.on("/r4/fhir/.well-known/smart-configuration", as_json(deep.discovery))
    lists.discovery["scopes_supported"] = ["launch/patient", "patient/*.rs"]
    lists_not.discovery["scopes_supported"] = ["launch", "patient/*.rs"]
    dead_base = f"http://127.0.0.1:{free_port()}/fhir"
    tables = f"""
[[ehr]]
key = "identity"
iss = ["{scripted.origin}/i/*"]
client_id = "identity-client"
scopes = "openid fhirUser online_access {FILTERED}"
redirect_path = "/callback/identity"

[[ehr]]
key = "hosts"
iss = ["{scripted.origin}/h/*"]
client_id = "hosts-client"
redirect_path = "/callback/hosts"
scopes = "patient/*.rs"
endpoint_hosts = ["{other.origin.removeprefix("http://")}"]

[[ehr]]
key = "deep"
iss = ["{deep.base}/r4/fhir/"]
client_id = "deep-client"
redirect_path = "/callback/deep"
scopes = "patient/*.rs"

[[ehr]]
key = "lists"
iss = ["{scripted.origin}/t/*", "{lists.base}"]
client_id = "lists-client"
redirect_path = "/callback/lists"
scopes = "openid patient/*.rs"
standalone = true

[[ehr]]
key = "lists-not"
iss = ["{lists_not.base}"]
client_id = "lists-not-client"
redirect_path = "/callback/lists-not"
scopes = "user/*.rs"
standalone = true

[[ehr]]
key = "dead"
iss = ["{dead_base}"]
client_id = "dead-client"
redirect_path = "/callback/dead"
scopes = "patient/*.rs"

[[ehr]]
key = "shares"
iss = ["{scripted.origin}/p/*"]
client_id = "shares-client"
scopes = "patient/*.rs"
response_iss = true

[[ehr]]
key = "shares-too"
iss = ["{other.origin}/p/*"]
client_id = "shares-too-client"
scopes = "patient/*.rs"
response_iss = true
"""
    folder = tmp_path_factory.mktemp("special")
    with serve_app(folder, tables) as server:
        yield Special(server.origin, server, scripted, other, deep, lists, lists_not, dead_base)


@pytest.fixture(scope="session")
def pending(app: App, app_folder: Path, scripted: ScriptedEhr) -> Pending:
    # The table comes with the first launch.
    tenant = scripted.tenant()
    app.launch(tenant)
    return Pending(app_folder / f"{app.origin.rpartition(':')[2]}.db")
