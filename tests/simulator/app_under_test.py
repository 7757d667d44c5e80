"""A minimal SMART app that the tests steer: it sends what the tests tell it to, right or wrong."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from simulator.ehr import create_app
from simulator.oauth.registrations import Registration
from simulator.vendors.generic import GENERIC
from simulator.vendors.profile import VendorProfile

ORIGIN = "http://ehr.test"
FHIR = f"{ORIGIN}/generic/fhir"
ISSUER = f"{ORIGIN}/generic"
ALMA = "synthetic-alma"
BRUNO = "synthetic-bruno"
STATE = "s" * 22
VERIFIER = "verifier-" + "v" * 40
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)

APP = Registration(
    client_id="app",
    name="App",
    launch_url="https://app.test/launch",
    redirect_uris=("https://app.test/callback", "https://app.test/other?kept=1"),
    scopes=("launch", "launch/patient", "launch/encounter", "patient/*.cruds", "openid"),
)
# Registered for less, for another launch URL, and for what a whole ward may see.
WARD = Registration(
    client_id="ward",
    name="Ward list",
    launch_url="https://ward.test/launch?site=1",
    redirect_uris=("https://ward.test/callback",),
    scopes=("launch", "user/*.rs", "patient/Observation.rs"),
)


class Clock:
    """Seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class App:
    """Speaks to one EHR for the client of a registration."""

    def __init__(
        self, client: Registration = APP, profiles: Sequence[VendorProfile] = (GENERIC,)
    ) -> None:
        self.clock = Clock()
        self.client = client
        self.http: FlaskClient = create_app(
            [APP, WARD], base_url=ORIGIN, clock=self.clock, profiles=profiles
        ).test_client()

    def beside(self) -> "App":
        """Return the same app with its own connection, for another thread."""
        other = copy(self)
        other.http = self.http.application.test_client()
        return other

    def launch(self, patient: str = ALMA) -> str:
        """Launch from a chart and return the launch value."""
        response = self.http.get(
            "/generic/start",
            query_string={"patient": patient, "client": self.client.client_id, "in": "tab"},
        )
        return query_of(response.headers["Location"])["launch"]

    def request(self, launch: str | None = None, /, **changes: Any) -> dict[str, Any]:
        """Return a right authorization request; a change of None leaves a parameter out."""
        parameters = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uris[0],
            "scope": "launch patient/*.rs" if launch else "launch/patient patient/*.rs",
            "state": STATE,
            "aud": FHIR,
            "launch": launch,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def authorize(self, parameters: dict[str, Any]) -> TestResponse:
        return self.http.get("/generic/authorize", query_string=parameters)

    def code(self, patient: str = ALMA, **changes: Any) -> str:
        """Launch from a chart and return the code."""
        response = self.authorize(self.request(self.launch(patient), **changes))
        return query_of(response.headers["Location"])["code"]

    def exchange(self, code: str, /, **changes: Any) -> TestResponse:
        """Send a correct token request, except for the changes."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client.client_id,
            "code": code,
            "redirect_uri": self.client.redirect_uris[0],
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.http.post(
            "/generic/token",
            data={name: value for name, value in form.items() if value is not None},
        )

    def token(self, patient: str = ALMA, scope: str = "launch patient/*.rs") -> str:
        """Launch from a chart and return an access token."""
        return str(json_of(self.exchange(self.code(patient, scope=scope)))["access_token"])

    def get(self, token: str, address: str, **headers: str) -> TestResponse:
        """Get an address, absolute or below the FHIR base."""
        return self.http.get(
            address if address.startswith("http") else f"/generic/fhir{address}",
            headers={"Authorization": f"Bearer {token}", **headers},
        )

    def pages(self, token: str, address: str) -> Iterator[dict[str, Any]]:
        """Follow the next links of a search."""
        following: str | None = address
        while following:
            bundle = json_of(self.get(token, following))
            yield bundle
            following = links(bundle).get("next")


def links(bundle: dict[str, Any]) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in bundle["link"]}


def ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


def json_of(response: TestResponse) -> dict[str, Any]:
    body = response.get_json(force=True)
    assert isinstance(body, dict)
    return body


def query_of(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True, strict_parsing=True))


def issue_of(response: TestResponse) -> str:
    """Return the issue type of an OperationOutcome, after a look at its form."""
    assert response.content_type == "application/fhir+json; charset=utf-8"
    outcome = json_of(response)
    assert outcome["resourceType"] == "OperationOutcome"
    return str(outcome["issue"][0]["code"])
