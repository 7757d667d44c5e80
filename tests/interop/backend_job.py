"""A job that reads and writes as a backend service, run once as `smart-calc job` does."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smart_calc import place
from tests.interop.report import Report
from tests.support.ehr.signing_keys import Kind, pem

SCOPES = "system/Patient.rs system/Observation.cruds"
OTHER_SCOPE = "system/Condition.rs"
# What the functions of the job report, as `name: fits`.
_JOB = """
import uuid

from smart_calc import api


def code(work: object) -> str:
    try:
        work()
    except api.SmartError as error:
        return error.code
    except api.EhrError as error:
        return str(error.status)
    return "none"


@api.job
def nightly(call: api.JobCall) -> api.Reply:
    ehr = call.backend("ehr")
    found = ehr.search("Observation", {"_count": "50"}, pages=20)
    subjects = {api.at(one, "subject", "reference") for one in found.resources}
    first = ehr.search("Observation", {"_count": "5"})
    one = call.backend("ehr", patient="synthetic-alma")
    own = one.search("Observation", pages=20)
    identifier = {"system": "urn:example:jobs", "value": str(uuid.uuid4())}
    made = ehr.create({
        "resourceType": "Observation", "status": "preliminary", "identifier": [identifier],
        "code": {"text": "job"}, "subject": {"reference": "Patient/synthetic-bruno"},
    })
    again = ehr.search("Observation", {"identifier": "|".join(identifier.values())})
    changed = ehr.update({**made, "status": "final"})
    stale = code(lambda: ehr.update({**made, "status": "amended"}, if_match='W/"1"'))
    return api.json({
        "search over all patients, page by page": found.complete and len(subjects) == 2,
        "a search that isn't complete says so": not first.complete,
        "read": ehr.read("Patient", "synthetic-bruno")["id"] == "synthetic-bruno",
        "a search of one patient": own.complete and len(own.resources) > 0 and {
            api.at(resource, "subject", "reference") for resource in own.resources
        } == {"Patient/synthetic-alma"},
        "another patient is refused": code(
            lambda: one.read("Patient", "synthetic-bruno")
        ) == "patient_denied",
        "create, and find it by its identifier": [api.at(x, "id") for x in again.resources]
        == [made["id"]],
        "update": changed["status"] == "final",
        # R4 (http.html, managing resource contention) asks for 412. HAPI returns 409.
        "a stale update is refused": stale == "409",
        "a type without a scope is refused": code(lambda: ehr.search("Condition"))
        == "scope_denied",
        "a resource that isn't there": code(lambda: ehr.read("Patient", "nobody")) == "404",
    })
"""


@dataclass(frozen=True)
class Service:
    """A backend service, and how the job uses it. `cause` explains a refusal."""

    name: str
    kind: Kind = "p384"
    registered: Kind = "p384"
    enabled: bool = True
    scopes: str = SCOPES
    cause: str = ""
    key_id: str = "key-1"


def run(service: Service, base: str, report: Report, endpoint_hosts: Sequence[str] = ()) -> None:
    """Run the job once, in its own process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "functions/nightly").mkdir(parents=True)
        (folder / "functions/nightly/main.py").write_text(_JOB)
        (folder / "key.pem").write_text(pem(service.kind))
        (folder / "smart.toml").write_text(_settings(service, base, endpoint_hosts, folder))
        ended = subprocess.run(
            place.command("gateway.job", ["nightly"]),
            cwd=folder,
            env={**os.environ, **place.variables({"SMART_CONFIG": str(folder / "smart.toml")})},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line[:1] == "{"]
    answer, log = (lines[-1], lines[:-1]) if lines else ({}, [])
    told = ended.stdout + ended.stderr
    report.step(service.name, "no token and no key in its output", "eyJ" not in told, told[-500:])
    if service.cause:
        causes = {str(one.get("cause_id")) for one in log}
        said = {str(one.get("said")) for one in log}
        named = ended.returncode == 1 and causes == {service.cause}
        report.step(service.name, f"refused: {service.cause}", named, (causes, said))
        print(f"     {service.name}: {said}")
        return
    report.step(service.name, "exit status 0", ended.returncode == 0, told[-2000:])
    for step, fits in answer.items():
        report.step(service.name, step, fits is True, log[-5:])
    read = [one for one in log if one.get("event") == "backend_read"]
    report.step(service.name, "each read is logged", len(read) == 5, read)


def _settings(service: Service, base: str, endpoint_hosts: Sequence[str], folder: Path) -> str:
    return f"""
public_url = "http://localhost:8080"
sealing_keys = ["env:NONE"]
[store]
kind = "sqlite"
path = "{folder}/smart.db"
[[ehr]]
key = "ehr"
iss = ["{base}"]
client_id = "launches"
scopes = "patient/Patient.rs"
endpoint_hosts = {json.dumps(list(endpoint_hosts))}
system_scopes = "{service.scopes}"
backend_client_id = "{service.name}"
backend_private_key = "file:{folder}/key.pem"
backend_key_id = "{service.key_id}"
"""
