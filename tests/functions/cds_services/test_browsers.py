"""Only pages of configured origins may call from a browser (Fetch, "CORS protocol")."""

from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.cds import DISCOVERY, FEEDBACK, OTHER, SERVICE, Cds
from tests.support.tables import each

ORIGIN = "https://sandbox.example.org"
STRANGERS = (
    *("https://stranger.example.org", "null", "*", "", f"{ORIGIN}/", f"{ORIGIN}:443"),
    *("https://sandbox.example.org.evil.example", "http://sandbox.example.org", ORIGIN.upper()),
)
PREFLIGHT = {
    "Access-Control-Allow-Origin": ORIGIN,
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
    "Vary": "Origin",
}


def cors(answer: Answer) -> dict[str, str]:
    return {name: held for name, held in answer.headers if name.startswith("Access-Control-")}


def preflight(cds: Cds, path: str, origin: str) -> Answer:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return Browser().send("OPTIONS", f"{cds.origin}{path}", asked)


@each("path", [DISCOVERY, SERVICE, FEEDBACK])
def test_a_preflight_needs_no_token(cds: Cds, path: str) -> None:
    answer = preflight(cds, path, ORIGIN)
    assert (answer.status, answer.body) == (204, b"")
    for name, held in PREFLIGHT.items():
        assert answer.header(name) == held
    assert answer.header("Access-Control-Allow-Credentials") is None


@each("origin", STRANGERS)
def test_other_origins_get_none_of_it(cds: Cds, origin: str) -> None:
    answer = preflight(cds, SERVICE, origin)
    assert (answer.status, cors(answer), answer.header("Vary")) == (405, {}, "Origin")
    answer = cds.main.post(cds.main.body(), Origin=origin)
    # An EHR's server doesn't have to send an origin: the token decides.
    assert (answer.status, cors(answer), answer.header("Vary")) == (200, {}, "Origin")


def test_every_answer_to_a_page_carries_its_origin_errors_too(cds: Cds) -> None:
    answers = [
        Browser().get(f"{cds.origin}{DISCOVERY}", {"Origin": ORIGIN}),
        cds.main.post(cds.main.body(), Origin=ORIGIN),
        cds.main.post(cds.main.body(), token=cds.main.token(key=OTHER), Origin=ORIGIN),
        cds.main.post(b"no", Origin=ORIGIN),
        cds.main.post({"feedback": []}, path=FEEDBACK, Origin=ORIGIN),
        Browser().send("PUT", f"{cds.origin}{SERVICE}", {"Origin": ORIGIN}),
        Browser().get(f"{cds.origin}{DISCOVERY}/", {"Origin": ORIGIN}),
    ]
    assert [answer.status for answer in answers] == [200, 200, 401, 400, 400, 405, 404]
    for answer in answers:
        assert cors(answer) == {
            "Access-Control-Allow-Origin": ORIGIN,
            "Access-Control-Expose-Headers": "X-Correlation-Id",
        }
        assert answer.header("Vary") == "Origin"
        assert answer.header("X-Correlation-Id")
