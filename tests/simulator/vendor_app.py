"""An app at an EHR of a vendor, which the tests steer through the authorization endpoint."""

from typing import Any

from werkzeug.test import TestResponse

from simulator.common.addresses import path_of
from tests.simulator.app_under_test import ALMA, CHALLENGE, STATE, json_of, query_of
from tests.simulator.token_client import SCOPE, TokenClient


class VendorApp(TokenClient):
    """Speaks to one EHR, from the launch on."""

    def start(self, **query: str) -> TestResponse:
        assert self.at.start is not None
        asked = {"patient": ALMA, "client": self.client.client_id, "in": "tab", **query}
        return self.http.get(path_of(self.at.start), query_string=asked)

    def launch(self, **query: str) -> str:
        """Launch from a chart and return the launch value."""
        return query_of(self.start(**query).headers["Location"])["launch"]

    def authorize(self, launch: str | None, /, **changes: Any) -> TestResponse:
        """Send a correct authorization request, except for the changes. None omits a parameter."""
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uris[0],
            "scope": SCOPE,
            "state": STATE,
            "aud": self.at.fhir_base,
            "launch": launch,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return self.http.get(
            path_of(self.at.authorize),
            query_string={name: value for name, value in asked.items() if value is not None},
        )

    def answer(self, launch: str | None, /, **changes: Any) -> dict[str, str]:
        """Return the members of the redirect to the app."""
        response = self.authorize(launch, **changes)
        assert response.status_code == 302, response.text
        location = response.headers["Location"]
        assert location.startswith(f"{self.client.redirect_uris[0]}?")
        return query_of(location)

    def granted(self, **changes: Any) -> list[str]:
        """Launch from a chart and return the granted scopes."""
        answer = self.answer(self.launch(), **changes)
        return str(json_of(self.exchange(answer["code"]))["scope"]).split(" ")

    def get(self, token: str | None, path: str, accept: str | None) -> TestResponse:
        """Get an address below the FHIR base."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if accept is not None:
            headers["Accept"] = accept
        return self.http.get(f"{path_of(self.at.fhir_base)}{path}", headers=headers)

    def configuration(self) -> dict[str, Any]:
        path = f"{path_of(self.at.fhir_base)}/.well-known/smart-configuration"
        return json_of(self.http.get(path))
