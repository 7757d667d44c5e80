"""What proves a cause: who speaks, what the text itself shows, and nothing by accident."""

import re
from itertools import islice
from pathlib import Path

from shared.explain import Diagnosis, diagnose, parse
from shared.explain.catalogue import ENTRIES
from shared.explain.ranking.terms import OURS
from tests.support.ehr import ehr_messages
from tests.support.ehr.known_messages import BY_KEY, MESSAGES, TOLD, told
from tests.support.tables import each

DOCS = Path(__file__).parents[3] / "docs"
# Pages that quote errors.
QUOTING = re.compile(r"troubleshooting|errors|doctor|oracle|epic|interop|frames|cds-hooks|runbook")


def first(text: str) -> tuple[str | None, str | None]:
    causes = diagnose(parse(text)).causes
    return (causes[0].id, causes[0].certainty) if causes else (None, None)


def sure(diagnosis: Diagnosis) -> list[str]:
    return [one.id for one in diagnosis.causes if one.certainty == "certain"]


def test_a_vendors_message_is_certain_only_where_the_vendor_is_seen() -> None:
    searched = [(entry, one) for entry in ENTRIES for one in entry.says.split(" / ")]
    tried = 0
    for entry, text in (*searched, *((BY_KEY[key], text) for key, text, _ in told(TOLD))):
        said = parse(text)
        shown = said.vendor is not None or said.urn is not None
        if entry.alone or shown or entry.vendor in {"smart-calc", "generic"}:
            continue
        tried += 1
        assert sure(diagnose(said)) == [], text
    assert tried > 100


def test_paragraphs_about_other_things_have_no_cause() -> None:
    paragraphs = (
        " ".join(paragraph.split())
        for path in sorted(DOCS.glob("*.md"))
        if not QUOTING.search(path.name)
        for paragraph in re.split(r"\n\s*\n", path.read_text("utf-8"))
        if len(paragraph.split()) > 15 and not paragraph.startswith(("#", "|", "`", "<"))
    )
    chosen = list(islice(paragraphs, 400))
    assert len(chosen) == 400
    wrong = {
        one[:60]: [(cause.id, cause.certainty) for cause in found]
        for one in chosen
        if (found := [c for c in diagnose(parse(one)).causes if c.certainty != "possible"])
    }
    assert wrong == {}


# RFC 7636, Appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@each(
    ("challenge", "proven"),
    [
        (CHALLENGE, "possible"),
        (CHALLENGE[:-1] + "A", "certain"),
        (VERIFIER, "likely"),
        (CHALLENGE.replace("-", "+"), "likely"),
        (CHALLENGE[:9] + "\u2026", "possible"),
    ],
)
def test_a_pasted_verifier_is_compared_with_the_challenge_and_not_kept(
    challenge: str, proven: str
) -> None:
    text = f'code_challenge={challenge}&x\nCode verifier: `{VERIFIER}`\n{{"error":"invalid_grant"}}'
    said = parse(text)
    assert VERIFIER not in repr(said)
    sure = {one.id: one.certainty for one in diagnose(said).causes}
    assert sure["pkce_mismatch"] == proven


def test_a_refusal_that_isnt_understood_is_quoted() -> None:
    text = 'GET https://h.org/fhir/Patient/1 403\n{"diagnostics":"Feature not in the subscription"}'
    assert "\u201cFeature not in the subscription\u201d" in diagnose(parse(text)).meaning


def test_an_error_that_is_only_in_a_picture_is_asked_for_as_text() -> None:
    asked = diagnose(parse("Our login fails, see the picture:\n![](https://h.example/1.png)")).ask
    assert "pictures" in asked[0]


def test_this_apps_settings_are_no_advice_for_another_app() -> None:
    for key, text, vendor in MESSAGES:
        if key.startswith("smart-calc/") or vendor is not None:
            continue
        for cause in diagnose(parse(text)).causes:
            for said in (cause.title, cause.why, *cause.steps):
                assert not OURS.search(said), (key, said)


# A cause, and a text with its proof.
PROVEN = f"""\
launch_value_invalid: {ehr_messages.INVALID_LAUNCH}
redirect_uri_mismatch: AADSTS50011: The reply URL specified in the request isn't valid.
redirect_uri_mismatch: https://sso.x.org/realms/a\\nInvalid parameter: redirect_uri
fhir_request_invalid: HAPI-0302: Unknown resource type 'Patinet'
token_of_another_server: IDX10214: Audience validation failed.
redirect_uri_mismatch: error=invalid_request&state=1\\nThe app sends https://App.example.org/cb as \
redirect_uri.\\nRegistered: https://app.example.org/cb
assertion_key_unknown: {{"error":"invalid_client"}} with client_assertion: header {{"kid":"k-new",\
"alg":"RS384"}} and key set {{"keys":[{{"kty":"RSA","kid":"k-old"}}]}}
assertion_claims_wrong: {{"error":"invalid_client"}} for client_id=app-7. The JWT has \
{{"iss":"my-org","sub":"my-org","jti":"1"}}
aud_wrong: error=invalid_request\\nLaunch: https://a.org/launch?iss=https%3A%2F%2Fe.org%2Fr4\\n\
https://e.org/authorize?client_id=1&aud=https%3A%2F%2Fe.org%2Fdstu2
"""
PROOFS = [one.replace("\\n", "\n").split(": ", 1) for one in PROVEN.splitlines()]
CHANGES = {
    "as it is": "{}",
    "a passing remark": "{}\nOur app worked yesterday in another sandbox. Thanks!",
    "a second error": "GET https://x.org/fonts/a.woff2 404 (Not Found)\n{}\nERR_FAILED in ads.js",
    "another vendor": "We heard that Epic and Keycloak have no such problem.\n{}",
    "another language": "Guten Tag, seit gestern geht der Start nicht mehr:\n{}\nWas ist das?",
    "a thank-you": "Hi all,\n\n{}\n\nHow do I set the scopes in Cerner, by the way?",
}


@each("change", CHANGES)
@each(("cause", "text"), PROOFS)
def test_what_is_around_a_proof_changes_nothing(text: str, cause: str, change: str) -> None:
    assert first(CHANGES[change].format(text))[0] == cause


@each(("cause", "text"), PROOFS)
def test_a_proof_is_found_in_a_quotation_and_in_a_narrow_window(text: str, cause: str) -> None:
    assert first("\n".join(f"> {line}" for line in text.split("\n")))[0] == cause
    words = re.sub(r"([^\n]{50,70}) ", r"\1\n", text)
    assert first(words)[0] == cause


# The first cause, or `-` for none and `!` for any; how sure it may be at most; the text.
WEIGHTS = """\
# What was once certain, and wrong: a word of one speaker in another's mouth.
- -: my_token_expired_in_seconds = 3
- -: We work with Azure, so that the user doesn't have to sign in to the app
- -: https://e.org/authorize?redirect_uri=http://localhost/cb/login of our phone, error on a page
- -: throw new Error("We need the private key file, which was not found: {file}");
- -: Our token includes the required scope, which is an error in the docs
! likely: error=access_denied&error_description=Unauthorized+scope&state=1
scope_not_registered likely: We use Keycloak. I get an OAuth2 error: invalid_scope
- -: {"level":"info","reason":"client"}
! likely: /realms/x: JWT validation failed: missing aud claim
# The description says which of the causes of its code it is.
pkce_mismatch likely: {"error":"invalid_grant","error_description":"Unexpected code_verifier"}
session_ended likely: {"error":"invalid_grant","error_description":"Session not active"}
redirect_uri_mismatch likely: {"error":"invalid_grant","error_description":"redirect_uri does not \
match one of the registered values"}
assertion_claims_wrong likely: {"error":"invalid_client","error_description":"JWT lifetime exceeds \
the maximum of 5 minutes"}
grant_not_enabled likely: POST /oauth2/token grant_type=client_credentials \
{"error":"invalid_grant","error_description":"The grant must be one of the grant types \
authorization_code, refresh_token"}
cookies_blocked likely: Unhandled exception: Correlation failed
# Two values in one message that should be the same.
token_of_another_server certain: callback: unexpected iss value, expected https://a.us.x.org, got: \
https://a.us.x.org/
token_of_another_server certain: iss is invalid: it is http://a:8080/x, expects https://a:8443/x
client_auth_wrong likely: It says: error: error=invalid_client_credentials
state_unknown likely: We see this:\\n> 500 state mismatch, expected undefined, got:
# A client that gets a token with fewer scopes may use the grant type.
scope_not_registered likely: {"error":"unauthorized_client"} for \
grant_type=client_credentials&scope=system/Patient.write. With scope=system/Slot.read \
system/Patient.write we get {"scope":"system/Slot.read","token_type":"Bearer","expires_in":570}
# A token that was issued a moment ago hasn't expired, and a 404 isn't CORS.
token_of_another_server possible: We can get a token. GET https://h/fhir/Patient gives 401 \
Unauthorized
fhir_request_invalid possible: GET https://h/fhir/Entity 404 (Not Found)\\nError: Failed to fetch
# Keys that differ, next to an error about something else; two instances; a check that passed.
! likely: {"error":"invalid_grant","error_description":"Session not active"} {"kid":"k-new"} \
{"keys":[{"kty":"RSA","kid":"k-old"}]}
! likely: error=invalid_request at https://app-1.example.org/cb or https://app-2.example.org/cb
- -: HTTP/1.1 200 OK after validateScopes(x)
# Nothing but a code that has many causes.
code_expired_or_used possible: {"error":"invalid_grant"}
client_auth_wrong possible: {"error":"invalid_client"}
# A slash too many isn't about a later step.
! likely: https://h.example.org/app/ /authorize?aud=https://h.example.org/app&code=x \
POST /oauth2/token {"error":"invalid_client"}
! possible: requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url
network_unreachable likely: Error: connect ECONNRESET 10.0.0.1:443
ehr_side likely: GET https://h/fhir/.well-known/smart-configuration 502 Bad Gateway
ehr_side likely: The app reads /metadata, and it answers 401
discovery_missing likely: It asks for /.well-known/smart-configuration\\nand is getting a 404
user_not_permitted likely: Azure Health Data Services: the FHIR service says Forbidden
"""


@each("line", [line for line in WEIGHTS.splitlines() if not line.startswith("#")])
def test_a_message_weighs_as_much_as_its_proof(line: str) -> None:
    told, _, text = line.partition(": ")
    cause, certainty = told.split()
    found, how = first(text.replace("\\n", "\n"))
    rank = ("certain", "likely", "possible", None)
    assert cause in (found or "-", "!")
    assert rank.index(how) >= rank.index(None if certainty == "-" else certainty)


DIFFERENCES = """\
the slash at the end: redirect_uri=https://a.example.org/cb Registered: https://a.example.org/cb/
`http` and `https`: redirect_uri=http://a.example.org/cb Registered: https://a.example.org/cb
the path: ?redirect_uri=https://a.example.org/cb &redirect_uri=https://a.example.org/back
the slash at the end: https://a.org/cb and https://a.org/cb/ are redirect URIs
the port: redirect_uri=https://a.example.org:8443/cb Registered: https://a.example.org/cb
https://h.example.org/fhir: /launch?iss=https://h.example.org/fhir&launch=x \
&aud=https://h.example.org/fhir/
five minutes: client_assertion with {"iss":"a","sub":"a","exp":1700003600,"iat":1700000000}
`iss` and `sub`: client_assertion with {"iss":"a","sub":"b","exp":1700000200,"iat":1700000000}
"""


@each(("words", "shown"), [line.split(": ", 1) for line in DIFFERENCES.splitlines()])
def test_a_difference_that_the_text_shows_is_a_proof(words: str, shown: str) -> None:
    error, cause = "error=invalid_request", "redirect_uri_mismatch"
    if "aud=" in shown:
        cause = "aud_wrong"
    elif "assertion" in shown:
        error, cause = "error=invalid_client", "assertion_claims_wrong"
    of_it, _, other = shown.partition(" ")
    diagnosis = diagnose(parse(f"{of_it}\n{error} {other}"))
    assert (diagnosis.causes[0].id, diagnosis.causes[0].certainty) == (cause, "certain")
    assert words in diagnosis.causes[0].steps[0]


def test_what_is_not_known_is_quoted_without_its_ids_and_its_speaker_is_named() -> None:
    said = "Error: flux capacitor 4711-88812345 is misaligned with 1d9e3f72-4a0b-4c55-8f7e-90cc2f7b"
    diagnosis = diagnose(parse(said))
    assert "flux capacitor" in diagnosis.meaning
    assert "88812345" not in diagnosis.meaning
    assert "probably comes from" in diagnosis.meaning
    assert diagnosis.ask


def test_of_a_long_text_both_ends_are_read_and_a_sentence_says_so() -> None:
    long = "2026-03-01 INFO nothing of interest\n" * 8_000
    diagnosis = diagnose(parse(f"{long}AADSTS50011: no such reply address"))
    assert diagnosis.causes[0].id == "redirect_uri_mismatch"
    assert "only its first and its last 100 kB" in diagnosis.meaning
    assert "100 kB" not in diagnose(parse("AADSTS50011")).meaning
