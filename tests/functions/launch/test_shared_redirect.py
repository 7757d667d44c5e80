"""An EHR in an attacker's hands gets no code of another EHR that shares its redirect path.

RFC 9700 4.4: the attacker's EHR sends the browser on to the honest EHR's authorization endpoint,
with the `state` and `code_challenge` of the launch at the attacker's. The honest EHR sends its code
to our callback, and what the app believes about its origin decides who gets it.
"""

from dataclasses import dataclass
from urllib.parse import quote

import pytest

from tests.support.app.special_registrations import Special
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.scripted_ehr import Tenant


@dataclass(frozen=True)
class _Pair:
    app: Special
    honest: Tenant
    evil: Tenant

    def launch(self, tenant: Tenant, browser: Browser) -> Answer:
        return browser.get(f"{self.app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=1")


@pytest.fixture
def pair(special: Special) -> _Pair:
    return _Pair(special, special.scripted.tenant("p"), special.other.tenant("p"))


@pytest.mark.parametrize("sends_iss", [True, False])
def test_the_code_of_an_honest_ehr_reaches_no_other_one(
    pair: _Pair, browser: Browser, sends_iss: bool
) -> None:
    begun = pair.launch(pair.evil, browser)
    assert begun.query["redirect_uri"] == f"{pair.app.origin}/callback"
    response = f"code=honest&state={begun.query['state']}"
    response += f"&iss={quote(pair.honest.base, safe='')}" if sends_iss else ""
    answer = browser.get(f"{begun.query['redirect_uri']}?{response}")
    assert pair.evil.hits("/auth/token") == []
    assert pair.honest.hits("/auth/token") == []
    assert (answer.status, answer.code) == (400, "issuer_mismatch")


@pytest.mark.parametrize("issuer", ["{honest}", "{elsewhere}", None])
def test_an_ehr_cannot_claim_the_issuer_of_another_one(
    pair: _Pair, browser: Browser, issuer: str | None
) -> None:
    elsewhere = pair.evil.base.replace("http://", "https://")
    pair.evil.discovery["issuer"] = issuer and issuer.format(
        honest=pair.honest.base, elsewhere=elsewhere
    )
    begun = pair.launch(pair.evil, browser)
    assert (begun.status, begun.code) == (502, "discovery_invalid")


def test_an_honest_ehr_that_shares_a_path_completes_its_launch(
    pair: _Pair, browser: Browser
) -> None:
    begun = pair.launch(pair.honest, browser)
    iss = quote(pair.honest.base, safe="")
    answer = browser.get(
        f"{begun.query['redirect_uri']}?code=c1&state={begun.query['state']}&iss={iss}"
    )
    assert answer.status == 303
    assert len(pair.honest.hits("/auth/token")) == 1
