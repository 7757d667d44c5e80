"""Randomly damaged EHR responses: the callback's page shows none of their markup, no secret."""

import html.parser
import json
import os
import random
import re

import flask
import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from functions.callback import failure
from shared.config.settings import Settings
from shared.errors import EhrError
from shared.inbound import edge
from shared.inbound.edge import Call, Edge
from shared.inbound.refusal import Refusal
from shared.smart.launches import Pending
from tests.support.ehr import ehr_messages, one_ehr
from tests.support.ehr.damaged import SECRETS, damaged
from tests.support.ehr.sources import OUR_SOURCES

COUNT = 1000 if os.environ.get("SOAK") else 100
STATE = "kPq7wXyZ0aBcDeFgHiJkLmNoPqRsTuVw"
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></html><a href=//x>",
)
# What our own page is made of.
OURS = {
    *("html", "head", "meta", "title", "style", "body", "header", "div", "strong", "main"),
    *("section", "h1", "h2", "p", "code", "ol", "ul", "li", "details", "summary", "span"),
    *("dl", "dt", "dd", "pre", "a"),
}
PENDING = Pending(
    ehr="e",
    flow="ehr",
    iss=ehr_messages.BASE,
    fhir_base=ehr_messages.BASE,
    client_id="f010a897-b662-4152-bb22-b87bcd3cba54",
    redirect_uri="https://smart.example.org/callback",
    requested=("launch", "openid", "patient/Patient.read"),
    scopes_supported=None,
    token_endpoint="https://authorization.cerner.com/token",
    revocation_endpoint=None,
    issuer=None,
    jwks_uri=None,
    sends_iss=False,
    assertion_algorithms=None,
    code_verifier="the-verifier-of-this-launch",
    nonce=None,
    binding="the-binding-of-this-launch",
)
SETTINGS = one_ehr.settings(
    ehr_messages.BASE,
    "openid patient/Patient.read",
    client_id=PENDING.client_id,
    top='error_details = "full"',
    more='vendor = "oracle"',
)


class Page(html.parser.HTMLParser):
    """The elements of a page, and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value for name, value in attrs if name == "href"}


def page_of(given: dict[str, str]) -> str:
    """Return the callback's page for the parameters of an EHR's response."""

    def serve(given_settings: Settings, _: Call) -> Refusal:
        attempt = failure.Attempt(PENDING, given_settings.ehrs[0])
        return failure.refused(EhrError(), given, attempt)

    headers = Headers({"Accept": "text/html"})
    request = flask.Request(EnvironBuilder(headers=headers).get_environ())
    answer = edge.answer(request, Edge("callback", "page", "callback_failed"), SETTINGS, serve)
    assert answer.status_code == 400
    return answer.get_data(as_text=True)


def test_what_an_ehr_sends_never_becomes_markup_or_shows_a_secret(
    capfd: pytest.CaptureFixture[str],
) -> None:
    chance = random.Random(11)
    explained = 0
    for _ in range(COUNT):
        given = {
            "state": STATE,
            "error": chance.choice(("access_denied", "invalid_request", damaged(chance)[:200])),
            "error_description": damaged(chance) + chance.choice((*MARKUP, "", STATE)),
            "error_uri": damaged(chance),
        }
        shown = page_of(given)
        page = Page()
        page.feed(shown)
        assert page.links <= OUR_SOURCES
        assert page.tags <= OURS
        assert not {one for one in page.attributes if one.startswith("on")} | (
            page.attributes & {"src", "style", "action"}
        )
        explained += '<h2 id="cause">' in shown
        logged = capfd.readouterr().out
        assert json.loads(logged)["event"] == "callback_failed"
        for secret in (*SECRETS, STATE):
            assert secret not in shown, ascii(given)
            assert secret not in logged, ascii(given)
    # Damage that leaves nothing to explain would test nothing.
    assert explained > COUNT // 2


def test_the_ehrs_words_stay_but_for_the_secrets_in_them() -> None:
    words = "The code=aB3dE6gH9kLmNoPqRsTuVwXyZ was refused, see <b>help</b>"
    shown = page_of({"state": STATE, "error": "access_denied", "error_description": words})
    assert re.search(r"The code=… was refused, see &lt;b&gt;help&lt;/b&gt;", shown)
