"""A call of cds_services compared with a function that only parses the same body, and its cold
start.

The prefetch has 200 kB, like one page of laboratory values. The keys are cached and all checks are
on. Each call has its own token and writes its record.
"""

import json
import statistics
import time
import uuid
from collections.abc import Mapping
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from benchmarks.cold_start import SECONDS, STARTS
from benchmarks.support.processes import Place, Server
from benchmarks.support.report import Budget, Row
from benchmarks.support.rounds import rounds
from tests.support.app.servers import free_port

BASE = "https://ehr.example.org/r4"
SERVICE = "/cds_services/cds-services/calculators-patient-view"
MILLISECONDS = Budget(500)
COLD = Budget(1.15)
WARMING, ROUNDS, LEAST, CALLING_SECONDS = 20, 150, 50, 20.0
_LEAST_BYTES = 200_000
_CODES = (("2160-0", "mg/dL", 1.9), ("2951-2", "mmol/L", 140.0), ("2823-3", "mmol/L", 4.2))


def measure(place: Place, store: str) -> list[Row]:
    """Measure the duration of calls, then the cold start."""
    return [_calls(place, store), _cold_start(place, store)]


def _calls(place: Place, store: str) -> Row:
    key, port = ec.generate_private_key(ec.SECP384R1()), free_port()
    origin = f"http://localhost:{port}"
    sent = json.dumps(body()).encode()
    variables = place.variables(BASE, store, public_port=port, more=_client(place, key))
    with (
        place.function("cds_services", variables) as ours,
        place.beside("parse_body", "cds_services", {}) as bare,
    ):
        took: list[tuple[float, float]] = []
        for _ in rounds(WARMING + ROUNDS, CALLING_SECONDS, WARMING + LEAST):
            token = _token(origin, key)
            took.append((_call(ours, sent, token), _call(bare, sent, token)))
    service, parsing = (sorted(one) for one in zip(*took[WARMING:], strict=True))
    medians = statistics.median(service), statistics.median(parsing)
    return Row(
        "cds_call.p95",
        f"one CDS call, prefetch {len(sent) // 1000} kB, p95",
        _p95(service) * 1000,
        "ms",
        MILLISECONDS,
        {
            "cds_services median ms": medians[0] * 1000,
            "parsing the body median ms": medians[1] * 1000,
            "parsing the body p95 ms": _p95(parsing) * 1000,
        },
        f"{len(service)} calls each; 1 store operation a call",
    )


def _cold_start(place: Place, store: str) -> Row:
    variables = place.variables(BASE, store)
    ours, bare = [], []
    for _ in rounds(STARTS + 1, SECONDS):
        with place.function("cds_services", variables) as server:
            ours.append(server.cpu_seconds())
        with place.beside("calculators_only", "cds_services", {}) as server:
            bare.append(server.cpu_seconds())
    # The first start of each compiles the bytecode.
    own, imports = statistics.median(ours[1:]), statistics.median(bare[1:])
    return Row(
        "cold_start.cds",
        "cold start of cds_services / of only imports and calculators",
        own / imports,
        "ratio",
        COLD,
        {"cds_services CPU s": own, "imports and calculators CPU s": imports},
        f"medians of {len(ours) - 1} pairs",
    )


def body() -> Mapping[str, Any]:
    """Return a call whose prefetch has 200 kB."""
    labs: list[dict[str, Any]] = []
    size = 0
    while size < _LEAST_BYTES:
        labs.append(_observation(len(labs)))
        size += len(json.dumps(labs[-1]))
    prefetch = {key: {"resourceType": "Bundle", "entry": []} for key in ("slow", "vitals")}
    prefetch |= {key: {"resourceType": "Bundle"} for key in ("social", "conditions", "drugs")}
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "fhirServer": BASE,
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "p1", "birthDate": "1950-02-09"},
            "labs": {"resourceType": "Bundle", "entry": [{"resource": one} for one in labs]},
            **prefetch,
        },
    }


def _observation(number: int) -> dict[str, Any]:
    code, unit, value = _CODES[number % len(_CODES)]
    seconds = time.time() - 3600 * number
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "meta": {"versionId": "1", "lastUpdated": "2026-11-20T09:00:00Z"},
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}], "text": "Laboratory"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": code},
        "subject": {"reference": "Patient/p1", "display": "Synthetic"},
        "effectiveDateTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
        "valueQuantity": {
            "value": value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        "referenceRange": [{"low": {"value": 1, "unit": unit}, "high": {"value": 9, "unit": unit}}],
    }


def _client(place: Place, key: ec.EllipticCurvePrivateKey) -> str:
    """Return the [[cds_client]] table, with its keys in a file."""
    file = place.folder / "cds-keys.json"
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "k"}
    file.write_text(json.dumps({"keys": [public]}), encoding="utf-8")
    lines = ("[[cds_client]]", 'key = "one"', 'ehr = "benchmark"', f'iss = "{BASE}"')
    return "\n".join((*lines, f'keys = "file:{file}"', ""))


def _token(origin: str, key: ec.EllipticCurvePrivateKey) -> str:
    at = int(time.time())
    claims = {"iss": BASE, "aud": f"{origin}{SERVICE}", "iat": at, "exp": at + 300}
    claims["jti"] = str(uuid.uuid4())
    return jwt.encode(claims, key, "ES384", {"kid": "k"})


def _call(server: Server, sent: bytes, token: str) -> float:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    began = time.perf_counter()
    answer = requests.post(
        f"http://127.0.0.1:{server.port}{SERVICE}", data=sent, headers=headers, timeout=60
    )
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"{server.name} returned {answer.status_code}: {answer.text[:300]}")
    return took


def _p95(ordered: list[float]) -> float:
    return ordered[int(len(ordered) * 0.95)]
