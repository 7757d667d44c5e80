"""Jobs of a project in this process, at scripted EHRs that issue a new token to each request."""

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

import flask
import jwt
import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from smart_calc import api
from tests.support.ehr.scripted_ehr import Received, Scripted, ScriptedEhr, Tenant, as_fhir, as_json
from tests.support.ehr.signing_keys import Kind, pem, public_pem

SCOPES = "system/Patient.rs system/Observation.cruds"
_numbers = itertools.count(1)


class Authority:
    """A tenant that grants client_credentials. It accepts only the tokens in `valid`."""

    def __init__(self, scripted: ScriptedEhr, kind: Kind = "p384") -> None:
        self.tenant: Tenant = scripted.tenant()
        self.kind: Kind = kind
        self.published: set[Kind] = {kind}
        self.claims: list[dict[str, object]] = []
        self.valid: list[str] = []
        self.lives: float = 300
        self.scope: str | None = SCOPES
        self.tenant.on("/auth/token", self._issue)
        self.tenant.resources["Observation/o1"] = _observation("o1", "p1")
        self.tenant.resources["Observation/o2"] = _observation("o2", "p2")

    def _issue(self, request: Received) -> Scripted:
        assertion = request.form["client_assertion"]
        algorithm = jwt.get_unverified_header(assertion)["alg"]
        kind: Kind = "rsa" if algorithm == "RS384" else "p384"
        if kind not in self.published:
            return failing(401, "invalid_client", "unknown kid")
        audience = f"{self.tenant.base}/auth/token"
        key = public_pem(kind)
        self.claims.append(jwt.decode(assertion, key, [algorithm], audience=audience))
        token = f"sentinel-token-{next(_numbers)}-{'x' * 24}"
        self.valid = [token]
        # The tenant serves FHIR to this one.
        self.tenant.access_token = token
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": self.lives}
        return as_json(answer | ({} if self.scope is None else {"scope": self.scope}))

    @property
    def tokens(self) -> list[str]:
        """The tokens that came with its FHIR requests."""
        sent = [one for one in self.tenant.received if "Authorization" in one.headers]
        return [one.headers["Authorization"].removeprefix("Bearer ") for one in sent]

    def table(self, key: str, folder: Path, more: str = "") -> str:
        """Its [[ehr]] table, with its own backend service."""
        (folder / f"{self.kind}.pem").write_text(pem(self.kind))
        return f"""
[[ehr]]
key = "{key}"
iss = ["{self.tenant.base}"]
client_id = "launches"
scopes = "patient/*.rs"
redirect_path = "/callback/{key}"
system_scopes = "{SCOPES}"
backend_client_id = "service-{key}"
backend_private_key = "file:{folder}/{self.kind}.pem"
backend_key_id = "key-{key}"
{more}
"""


def _observation(name: str, patient: str) -> dict[str, object]:
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Observation", "id": name, "subject": subject, "status": "final"}


class Jobs:
    """A job of this process. `run` calls it, and registers it the first time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *tables: str) -> None:
        config = folder / "smart.toml"
        # Only the keys of backend services are there, and no other secret.
        config.write_text(
            'public_url = "http://localhost:8080"\nsealing_keys = ["env:NOT_IN_A_JOB"]\n'
            '[store]\nkind = "firestore"\n' + "".join(tables)
        )
        monkeypatch.setenv("SMART_CONFIG", str(config))
        self._entry: Callable[[flask.Request], flask.Response] | None = None
        self._handler: Callable[[api.JobCall], api.Reply] = lambda _: api.json({})

    def register(self) -> None:
        """Load the job, as a process does once."""

        @api.job
        def nightly(call: api.JobCall) -> api.Reply:
            return self._handler(call)

        self._entry = nightly  # type: ignore[assignment]

    def run(
        self,
        handler: Callable[[api.JobCall], api.Reply],
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        body: bytes = b"",
    ) -> flask.Response:
        """Return the response to one request. All runs share the process's tokens."""
        self._handler = handler
        if self._entry is None:
            self.register()
        assert self._entry is not None
        raw, _, query = path.partition("?")
        builder = EnvironBuilder(
            f"/nightly{raw}", method=method, headers=Headers(dict(headers or {})), data=body
        )
        builder.args.update(parse_qsl(query))
        with builder.get_request() as request:
            return self._entry(flask.Request(request.environ))


def failing(status: int, error: str, description: str = "") -> Scripted:
    """A token endpoint's refusal."""
    return as_json({"error": error, "error_description": description}, status)


def refusing(status: int) -> Scripted:
    """A FHIR server's refusal."""
    return as_fhir({"resourceType": "OperationOutcome", "issue": []}, status)
