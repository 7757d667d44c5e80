"""The functions with registrations that may write, beside the ones of tests/conftest.py."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import App
from tests.support.scripted_ehr import ScriptedEhr
from tests.support.servers import free_port, serve, serve_app


@pytest.fixture(scope="session")
def writing(app_folder: Path, scripted: ScriptedEhr) -> Iterator[App]:
    """Tenants of group `w` ask patient/*.cruds, those of group `v` user/*.cruds; the simulated EHR
    is asked for patient/*.cruds, user/Binary.cruds and a few of its own.
    """
    port, ehr_port = free_port(), free_port()
    scopes = "patient/Observation.cruds patient/Patient.rs user/Binary.cruds"
    ehrs = f"""
[[ehr]]
key = "writing"
iss = ["{scripted.origin}/w/*"]
client_id = "writing-client"
scopes = "patient/*.cruds patient/Observation.cu?category=laboratory"

[[ehr]]
key = "writing-user"
iss = ["{scripted.origin}/v/*"]
client_id = "writing-user-client"
scopes = "user/*.cruds user/Observation.cu?category=laboratory"
redirect_path = "/callback/writing-user"

[[ehr]]
key = "simulated"
iss = ["http://127.0.0.1:{ehr_port}/generic/fhir"]
client_id = "smart-calc-demo"
scopes = "{scopes}"
redirect_path = "/callback/simulated"
"""
    registration = {
        "client_id": "smart-calc-demo",
        "name": "smart-calc",
        "redirect_uris": [f"http://localhost:{port}/callback/simulated"],
        "launch_url": f"http://localhost:{port}/launch",
        "scopes": ["launch", *scopes.split()],
    }
    environment = {
        "EHR_BASE_URL": f"http://127.0.0.1:{ehr_port}",
        "EHR_REGISTRATIONS": json.dumps([registration]),
    }
    with (
        serve("simulator.serve_ehr:app", "127.0.0.1", ehr_port, environment, app_folder) as ehr,
        serve_app(app_folder, ehrs, port=port) as server,
    ):
        yield App(server.origin, server, ehr.origin, scripted)
