"""A CDS service that the tests script, in place of the EHR's HTTP client."""

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from werkzeug.test import TestResponse

from simulator.cds import http_client
from simulator.cds.http_client import Answer
from simulator.oauth.registrations import Registration
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import ALMA
from tests.simulator.token_client import SCOPE, registration
from tests.simulator.vendor_app import VendorApp

BASE = "https://app.test/cds_services"
SERVICE = f"{BASE}/cds-services/calculators-patient-view"
PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "labs": "Observation?patient={{context.patientId}}"
    "&code=http://loinc.org|2160-0,http://loinc.org|2951-2&_count=200&_sort=-date",
    "conditions": "Condition?patient={{context.patientId}}",
}
DISCOVERY = {
    "services": [
        {
            "hook": "patient-view",
            "id": "calculators-patient-view",
            "title": "Calculators",
            "description": "Cards.",
            "prefetch": PREFETCH,
        }
    ]
}
REASONS = [
    {"code": "known", "system": f"{BASE}/CodeSystem/override-reasons", "display": "Already known"},
    {"code": "later", "system": f"{BASE}/CodeSystem/override-reasons", "display": "Not now"},
]


def card(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a card as the app documents it, except for the changes. None omits a field."""
    members = {
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "summary": "eGFR 27 mL/min/1.73 m²: G4",
        "detail": "**Result** 27\n\n- Creatinine 1.9 mg/dL, 20 Nov 2026",
        "indicator": "warning",
        "source": {
            "label": "smart-calc: eGFR",
            "url": "https://doi.org/10.1056/NEJMoa2102953",
            "topic": {
                "system": f"{BASE}/CodeSystem/calculators",
                "code": "egfrckdepi2021",
                "display": "eGFR",
            },
        },
        "links": [
            {
                "label": "Open this calculator",
                "type": "smart",
                "url": "https://app.test/launch",
                "appContext": '{"calculator":"egfr_ckd_epi_2021"}',
            }
        ],
        "overrideReasons": REASONS,
    }
    return {name: one for name, one in {**members, **changes}.items() if one is not None}


@dataclass(frozen=True)
class Call:
    """One request that came."""

    url: str
    headers: Mapping[str, str]
    body: Any
    text: str
    pieces: int

    @property
    def token(self) -> str:
        return self.headers["Authorization"].removeprefix("Bearer ")

    @property
    def claims(self) -> dict[str, Any]:
        return jwt.decode(self.token, options={"verify_signature": False})

    @property
    def header(self) -> dict[str, Any]:
        return jwt.get_unverified_header(self.token)


@dataclass
class CdsService:
    """Answers with `cards`, and keeps what came; `during` is run while a call is open."""

    cards: list[Any] = field(default_factory=lambda: [card()])
    answer: Answer | None = None
    discovery: dict[str, Any] = field(default_factory=lambda: DISCOVERY)
    calls: list[Call] = field(default_factory=list)
    during: Callable[[Call], None] = lambda call: None

    def send(
        self,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None = None,
        pieces: Iterable[bytes] | None = None,
    ) -> Answer:
        sent = list(pieces or ())
        assert not sent or b"".join(sent) == data
        call = Call(url, headers, json.loads(data or b"null"), (data or b"").decode(), len(sent))
        self.calls.append(call)
        if data is None:
            return _json(self.discovery)
        # In a separate thread, because the service's requests aren't part of the chart's.
        with ThreadPoolExecutor(1) as another:
            another.submit(self.during, call).result()
        if url.endswith("/feedback"):
            return _json({})
        return self.answer or _json({"cards": self.cards})

    @property
    def asked(self) -> Call:
        """The last call of the service."""
        return [one for one in self.calls if one.url == SERVICE][-1]

    @property
    def told(self) -> list[Call]:
        """What came as feedback."""
        return [one for one in self.calls if one.url.endswith("/feedback")]


def _json(body: object) -> Answer:
    return Answer(200, "application/json", json.dumps(body).encode())


def installed(monkeypatch: pytest.MonkeyPatch, **members: Any) -> CdsService:
    """Put a service behind the HTTP client."""
    service = CdsService(**members)
    monkeypatch.setattr(http_client, "send", service.send)
    return service


def with_service(**changes: Any) -> Registration:
    """An app that has a CDS service."""
    resources = ("Patient", "Observation", "Condition", "MedicationRequest")
    scopes = (*SCOPE.split(), *(f"patient/{one}.rs" for one in resources))
    return registration(cds_services=BASE, scopes=scopes, **changes)


def followed_link(chart: TestResponse) -> str:
    """The address behind the first card's link to the app."""
    (link, *_) = re.findall(r'href="([^"]+/chart/follow[^"]+)"', chart.text)
    return html.unescape(str(link))


class ChartApp(VendorApp):
    """An EHR whose charts ask a CDS service."""

    def __init__(self, profile: VendorProfile) -> None:
        super().__init__(with_service(), profile)

    def chart(self, **query: str) -> TestResponse:
        asked = {"patient": ALMA, **query}
        return self.http.get(f"/{self.profile.key}/chart", query_string=asked)
