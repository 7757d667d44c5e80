"""One click in the chart, as the user's browser makes it: launch, sign-in, callback, page."""

from dataclasses import dataclass
from urllib.parse import quote

from benchmarks.support.ehr import code_for
from tests.support.browser import NAVIGATION, OWN_FETCH, Answer, Browser


@dataclass(frozen=True)
class Session:
    """An open session and the browser that holds it."""

    browser: Browser
    handle: str

    def page(self, origin: str) -> None:
        """Open the app's page at smart_calc's address."""
        address = f"{origin}/smart_calc/{self.handle}/"
        _must(self.browser.send("GET", address, NAVIGATION), 200)

    def read(self, origin: str, path: str) -> Answer:
        """Read from the chart at fhir_proxy's address."""
        return _must(self.browser.fetch(f"{origin}/fhir_proxy/{self.handle}/{path}"), 200)

    def target(self, path: str) -> str:
        """The target of a request to fhir_proxy."""
        return f"/fhir_proxy/{self.handle}/{path}"

    @property
    def headers(self) -> dict[str, str]:
        """What a script of the app's page sends."""
        cookies = self.browser.cookies().items()
        pairs = "; ".join(f"{name}={value}" for name, value in cookies)
        return {"Host": "localhost", **OWN_FETCH, "Cookie": pairs}


def target(ehr_base: str) -> str:
    """What the EHR's link points to, at launch's address."""
    return f"/launch?iss={quote(ehr_base, safe='')}&launch=launch-value-1"


def begin(origin: str, ehr_base: str, browser: Browser) -> Answer:
    """Follow the EHR's link; the redirect to its sign-in."""
    return _must(browser.send("GET", origin + target(ehr_base), NAVIGATION), 302)


def finish(
    origin: str, begun: Answer, ehr_base: str, browser: Browser, expires_in: float = 3600
) -> Session:
    """Come back from the EHR to callback's address with a code; `expires_in` as in RFC 6749."""
    code = code_for(begun.query["nonce"], expires_in)
    query = f"code={code}&state={begun.query['state']}&iss={quote(ehr_base, safe='')}"
    answer = _must(browser.send("GET", f"{origin}/callback?{query}", NAVIGATION), 303)
    return Session(browser, answer.location.rstrip("/").rpartition("/")[2])


def _must(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise ValueError(f"{answer.status} in place of {status}: {answer.text[:500]}")
    return answer
