"""One click in the chart, with the same requests as the user's browser: launch, login, callback,
page.
"""

from dataclasses import dataclass
from urllib.parse import quote

from benchmarks.support.ehr import code_for
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Answer, Browser


@dataclass(frozen=True)
class Session:
    """An open session and its browser."""

    browser: Browser
    handle: str

    def page(self, origin: str) -> None:
        """Open the app's page at smart_calc's URL."""
        address = f"{origin}/smart_calc/{self.handle}/"
        _must(self.browser.send("GET", address, NAVIGATION), 200)

    def read(self, origin: str, path: str) -> Answer:
        """Read from the chart at fhir_proxy's URL."""
        return _must(self.browser.fetch(f"{origin}/fhir_proxy/{self.handle}/{path}"), 200)

    def target(self, path: str) -> str:
        """Return the target of a request to fhir_proxy."""
        return f"/fhir_proxy/{self.handle}/{path}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a script on the app's page sends."""
        cookies = self.browser.cookies().items()
        pairs = "; ".join(f"{name}={value}" for name, value in cookies)
        return {"Host": "localhost", **OWN_FETCH, "Cookie": pairs}


def target(ehr_base: str) -> str:
    """Return the target of the EHR's link to launch."""
    return f"/launch?iss={quote(ehr_base, safe='')}&launch=launch-value-1"


def begin(origin: str, ehr_base: str, browser: Browser) -> Answer:
    """Follow the EHR's link; return the redirect to its login."""
    return _must(browser.send("GET", origin + target(ehr_base), NAVIGATION), 302)


def finish(
    origin: str, begun: Answer, ehr_base: str, browser: Browser, expires_in: float = 3600
) -> Session:
    """Return from the EHR to callback with a code; `expires_in` is as in RFC 6749."""
    code = code_for(begun.query["nonce"], expires_in)
    query = f"code={code}&state={begun.query['state']}&iss={quote(ehr_base, safe='')}"
    answer = _must(browser.send("GET", f"{origin}/callback?{query}", NAVIGATION), 303)
    return Session(browser, answer.location.rstrip("/").rpartition("/")[2])


def _must(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise ValueError(f"{answer.status} instead of {status}: {answer.text[:500]}")
    return answer
