"""An EHR that calls cds_services: its keys, its tokens, proper and forged, and its calls."""

import contextlib
import json
import secrets
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.app.app import App
from tests.support.app.servers import Server, free_port, serve_app
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.id_tokens import PrivateKey, compact, ec_key, public_jwk, rsa_key
from tests.support.ehr.scripted_ehr import ScriptedEhr, Tenant, as_fhir, as_json

SERVICE = "/cds_services/cds-services/calculators-patient-view"
DISCOVERY = "/cds_services/cds-services"
FEEDBACK = f"{SERVICE}/feedback"
KEYS = ("patient", "labs", "slow", "vitals", "social", "conditions", "drugs")
RSA = rsa_key()
P384 = ec_key(ec.SECP384R1())
P256 = ec_key()
OTHER = ec_key(ec.SECP384R1())
KID = "key/1+a=="


def now() -> float:
    return time.time()


def members() -> list[dict[str, Any]]:
    """Return the public keys of every EHR here."""
    return [public_jwk(key, kid=kid) for key, kid in ((P384, KID), (RSA, "rsa"), (P256, "p256"))]


@dataclass
class CdsEhr:
    """One EHR as a client of the service: its FHIR server, its key set, what it signs."""

    origin: str
    tenant: Tenant
    iss: str
    jku: str
    claims: dict[str, Any] = field(default_factory=dict)
    patient: str = "p1"

    @classmethod
    def at(cls, origin: str, server: Tenant, iss: str, **claims: Any) -> "CdsEhr":
        ehr = cls(origin, server, iss, f"{server.base}/cds/jwks.json", claims)
        ehr.publish(*members())
        server.resources.clear()
        return ehr

    def publish(self, *members: Mapping[str, Any]) -> None:
        self.tenant.on("/cds/jwks.json", as_json({"keys": list(members)}))

    @property
    def key_reads(self) -> int:
        return len(self.tenant.hits("/cds/jwks.json"))

    @property
    def fhir_reads(self) -> list[str]:
        return [one.path for one in self.tenant.received if not one.path.startswith("/cds/")]

    def address(self, path: str = SERVICE) -> str:
        return f"{self.origin}{path}"

    def payload(self, path: str = SERVICE, **changes: Any) -> dict[str, Any]:
        """Return the claims of a valid token. A change to None leaves a claim out."""
        at = int(now())
        good = {
            "iss": self.iss,
            "aud": self.address(path),
            "iat": at,
            "exp": at + 300,
            "jti": secrets.token_urlsafe(16),
            **self.claims,
            **changes,
        }
        return {name: value for name, value in good.items() if value is not None}

    def header(self, alg: str = "ES384", kid: str | None = KID, **changes: Any) -> dict[str, Any]:
        good = {"alg": alg, "typ": "JWT", "kid": kid, "jku": self.jku, **changes}
        return {name: value for name, value in good.items() if value is not None}

    def token(
        self,
        path: str = SERVICE,
        *,
        header: Mapping[str, Any] | None = None,
        key: PrivateKey | bytes = P384,
        alg: str = "ES384",
        **claims: Any,
    ) -> str:
        return compact(header or self.header(alg), self.payload(path, **claims), key, alg)

    def body(self, prefetch: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """Return a call as an EHR makes it. A change to None leaves a field out."""
        good = {
            "hook": "patient-view",
            "hookInstance": str(uuid.uuid4()),
            "fhirServer": self.tenant.base,
            "context": {"userId": "Practitioner/clara", "patientId": self.patient},
            "prefetch": chart() if prefetch is None else prefetch,
            **changes,
        }
        return {name: value for name, value in good.items() if value is not None}

    def access(self, **changes: Any) -> dict[str, Any]:
        return {
            "access_token": self.tenant.access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/Observation.read",
            "subject": "smart-calc",
            **changes,
        }

    def post(
        self,
        body: Any,
        *,
        path: str = SERVICE,
        token: str | None = None,
        at: str | None = None,
        **headers: str,
    ) -> Answer:
        """`at` is the origin of another instance than the one whose address the token names."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token or self.token(path)}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return Browser().send("POST", f"{at or self.origin}{path}", sent, raw)

    def call(self, prefetch: Mapping[str, Any] | None = None, **changes: Any) -> Answer:
        """Make a valid call of the service."""
        return self.post(self.body(prefetch, **changes))

    def cards(self, prefetch: Mapping[str, Any] | None = None, **changes: Any) -> list[Any]:
        """Return the cards of a valid call, which must succeed."""
        answer = self.call(prefetch, **changes)
        assert answer.status == 200, answer.text
        return list(answer.json()["cards"])

    def calculators(self, prefetch: Mapping[str, Any], **changes: Any) -> dict[str, str]:
        """Return the calculators that made a card, each with its indicator, in order."""
        return {named(card): card["indicator"] for card in self.cards(prefetch, **changes)}


def named(card: Mapping[str, Any]) -> str:
    return str(json.loads(card["links"][0]["appContext"])["calculator"])


def client_table(key: str, ehr: str, client: CdsEhr, *more: str) -> str:
    lines = ["[[cds_client]]", f'key = "{key}"', f'ehr = "{ehr}"', f'iss = "{client.iss}"', *more]
    if not any(line.startswith("keys") for line in more):
        lines.append(f'jku = "{client.jku}"')
    return "\n".join(lines) + "\n"


def days_ago(days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now() - 86400 * days))


def patient(fhir_id: str = "p1", aged: int = 76, gender: str = "female") -> dict[str, Any]:
    birth = f"{time.gmtime(now()).tm_year - aged}-01-01"
    return {"resourceType": "Patient", "id": fhir_id, "birthDate": birth, "gender": gender}


def value(
    loinc: str, number: float, unit: str, *, days: float = 2, of: str = "p1", **more: Any
) -> dict[str, Any]:
    """One Observation, as an EHR has it."""
    return {
        "resourceType": "Observation",
        "id": f"o-{secrets.token_hex(6)}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": days_ago(days),
        "valueQuantity": {
            "value": number,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        **more,
    }


def creatinine(number: float = 2.9, **more: Any) -> dict[str, Any]:
    return value("2160-0", number, "mg/dL", **more)


def smoking(snomed: str) -> dict[str, Any]:
    status = value("72166-2", 1, "1")
    del status["valueQuantity"]
    system = "http://snomed.info/sct"
    status["valueCodeableConcept"] = {"coding": [{"system": system, "code": snomed}]}
    return status


def diagnosis(icd10: str, of: str = "p1", **more: Any) -> dict[str, Any]:
    active = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    system = "http://hl7.org/fhir/sid/icd-10-cm"
    return {
        "resourceType": "Condition",
        "id": f"c-{secrets.token_hex(6)}",
        "clinicalStatus": {"coding": [{"system": active, "code": "active"}]},
        "code": {"coding": [{"system": system, "code": icd10}]},
        "subject": {"reference": f"Patient/{of}"},
        **more,
    }


def order(drug: str, of: str = "p1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": f"m-{secrets.token_hex(6)}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": drug},
        "subject": {"reference": f"Patient/{of}"},
        **more,
    }


def bundle(*resources: Any, following: str | None = None) -> dict[str, Any]:
    links = [{"relation": "next", "url": following}] if following else []
    entries = [{"resource": one, "search": {"mode": "match"}} for one in resources]
    members = {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": links}
    return {name: value for name, value in members.items() if value != []}


OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "processing"}],
}


def chart(**changes: Any) -> dict[str, Any]:
    """Return a prefetch of all keys, for a woman whose creatinine makes one card. `...` leaves one
    out.

    The earlier creatinine, which confirms it, is in `slow`, so that a test may change `labs`.
    """
    whole: dict[str, Any] = {
        "patient": patient(),
        "labs": bundle(creatinine()),
        "slow": bundle(creatinine(days=120)),
        "vitals": bundle(),
        "social": bundle(),
        "conditions": bundle(),
        "drugs": bundle(),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def log_lines(server: Server | App, event: str | None = None) -> list[dict[str, Any]]:
    log = server.server.log if isinstance(server, App) else server.log
    lines = [one for one in log.read_text("utf-8").splitlines() if one[:1] == "{"]
    parsed = [json.loads(one) for one in lines if event is None or event in one]
    return [one for one in parsed if event in (None, one["event"])]


def served(tenant: Tenant, path: str, document: object, status: int = 200) -> None:
    tenant.on(path, as_fhir(document, status))


def registration(key: str, iss: str, *more: str) -> str:
    lines = ["[[ehr]]", f'key = "{key}"', f'iss = ["{iss}"]', f'client_id = "{key}"', *more]
    return "\n".join([*lines, 'scopes = "patient/*.rs"', f'redirect_path = "/callback/{key}"', ""])


@dataclass(frozen=True)
class Cds:
    """The running functions and the EHRs that call them.

    `main` has its keys at a jku, `other` is a second EHR of the same kind, `filed` hands its keys
    over as a file, and `north` and `south` are two tenants of one issuer.
    """

    server: Server
    store: Path
    main: CdsEhr
    other: CdsEhr
    filed: CdsEhr
    north: CdsEhr
    south: CdsEhr

    @property
    def origin(self) -> str:
        return self.server.origin

    def log(self, event: str | None = None) -> list[dict[str, object]]:
        return log_lines(self.server, event)

    def last(self, event: str) -> dict[str, object]:
        return self.log(event)[-1]


@contextlib.contextmanager
def serve_cds(folder: Path, scripted: ScriptedEhr, target: str, *top: str) -> Iterator[Cds]:
    port = free_port()
    origin = f"http://localhost:{port}"
    tenants = [scripted.tenant("cds") for _ in range(5)]
    main = CdsEhr.at(origin, tenants[0], tenants[0].base)
    other = CdsEhr.at(origin, tenants[1], tenants[1].base)
    filed = CdsEhr.at(origin, tenants[2], "https://filed.example.org/fhir")
    issuer = "https://cds.example.org"
    north = CdsEhr.at(origin, tenants[3], issuer, tenant="north")
    south = CdsEhr.at(origin, tenants[4], issuer, tenant="south")
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": members()}))
    ehrs = {"main": main, "other": other, "filed": filed, "north": north, "south": south}
    tables = "".join(registration(key, one.tenant.base) for key, one in ehrs.items())
    tables += client_table("main", "main", main, 'cors_origins = ["https://sandbox.example.org"]')
    tables += client_table("other", "other", other)
    tables += client_table("filed", "filed", filed, f'keys = "file:{keys}"')
    tables += client_table("north", "north", north, 'tenant = "north"')
    tables += client_table("south", "south", south, 'tenant = "south"')
    store = folder / "cds.db"
    # Brief, as deployed: nothing about a token that is refused leaves the function.
    brief = "\n".join(('error_details = "brief"', *top))
    with serve_app(folder, tables, port=port, store=store, top=brief, target=target) as server:
        yield Cds(server, store, main, other, filed, north, south)


@contextlib.contextmanager
def without_results(one: CdsEhr) -> Iterator[CdsEhr]:
    one.tenant.received.clear()
    one.tenant.resources.clear()
    kept = dict(one.tenant.handlers)
    for kind in ("Observation", "Condition", "MedicationRequest"):
        one.tenant.on(f"/{kind}", as_fhir(bundle()))
    one.tenant.resources["Patient/p1"] = patient()
    yield one
    one.tenant.handlers = kept
