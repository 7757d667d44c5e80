"""The parts that are extracted from a message, even if it's encoded, shortened or misspelled."""

import json
import os
import random
import re
import string
import time
from base64 import urlsafe_b64encode
from urllib.parse import quote

from shared.explain import EhrMessage, diagnose, parse
from shared.explain.parsing import responses
from tests.support.ehr import ehr_messages
from tests.support.ehr.ehr_messages import GRANT, LAUNCH, RESOURCE, TENANT, TOKEN
from tests.support.tables import each

# The name of a message, and what is read from it.
_ORACLE = "vendor=oracle persona=provider"
SHAPES = f"""\
INVALID_LAUNCH {_ORACLE} urn={LAUNCH}invalid-launch-code oauth_error=invalid_request \
instance=dccf77c1-9bb9-43aa-82c1-b6b9c07c95e2 client=f4e2294a-c9e7-4446-894c-0db869be4bfd
MISSING_PATIENT {_ORACLE} urn={GRANT}missing-patient oauth_error=access_denied \
instance=047e9272-6dcb-4fa8-8ecb-426a81f671a4 client=80c16a4d-10a3-47bd-9eba-07c3aebc25ae \
tenant=0b8a0111-e8e6-4c26-a91c-5069cbc6b1ca
DENIED_BY_SERVER {_ORACLE} urn={GRANT}denied-by-server tenant={TENANT} \
oauth_error=access_denied instance=42925fc9-7a7e-4cb0-95e4-4d3f178f68b7 client=devjs
INVALID_CREDENTIALS urn={TOKEN}invalid-client-credentials persona=None client=unknown \
oauth_error=invalid_client instance=14c93355-be14-47c0-9f4a-132ef6124fe5 tenant={TENANT}
EMPTY_SCOPES urn={TOKEN}empty-scopes persona=None status=400 oauth_error=invalid_scope \
instance=6813f4e8-18a2-4745-941c-9898536f4585 client=aa35106b-e50c-4712-9250-9d405ec5b794
DENIED_BY_USER urn={GRANT}denied-by-user persona=patient tenant=None client=None \
oauth_error=access_denied instance=696ca944-e03a-45fd-a74d-091b2086da27
FIRST_REPORT {_ORACLE} urn={LAUNCH}code-required oauth_error=None \
instance=847e48ff-956f-4f96-8585-2d0ccb19d40a client=908d5cee-a54b-434d-847a-9765a9df9c53
INSUFFICIENT_SCOPES vendor=oracle urn={RESOURCE}insufficient-scopes status=403 \
oauth_error=insufficient_scope
EPIC_401 urn=None oauth_error=invalid_token status=401 description=The access token \
provided is not valid
EPIC_OUTCOME vendor=epic description=Invalid FHIR ID
LAUNCHER vendor=smart-launcher oauth_error=invalid_request description=Bad audience value \
"https://r4.smarthealthit.org". Expected "https://launch.smarthealthit.org/v/r4/sim/abc/fhir".
"""


def test_each_shape_is_read() -> None:
    for line in SHAPES.splitlines():
        name, *told = re.split(r" (?=\w+=)", line)
        said = parse(getattr(ehr_messages, name))
        for field, _, value in (one.partition("=") for one in told):
            assert str(getattr(said, field)) == value, (name, field)


@each(
    ("text", "tail"),
    [
        ("launch:code-required", "code-required"),
        ("launch-code-required", "code-required"),
        ("every launch failed with launch:code_required.", "code-required"),
        ("mismatchted-identity\n", "mismatched-identity"),
        (f"{LAUNCH[:20]}\n  {LAUNCH[20:30]}\n  {LAUNCH[30:]}unspecified", "unspecified"),
        (f"> {LAUNCH[:35]}\n> {LAUNCH[35:]}code-required", "code-required"),
    ],
)
def test_the_last_words_of_a_urn_are_enough(text: str, tail: str) -> None:
    assert parse(text).urn == LAUNCH + tail


@each("text", ["a code-required step", "launch=abc-required", "not-found", "the server-error of X"])
def test_words_that_only_look_like_the_end_of_a_urn_are_none(text: str) -> None:
    assert parse(text).urn is None


URI = (
    f"https://authorization.cerner.com/errors/{LAUNCH}code-required/instances/abc-1"
    "?persona=provider&client=c1&tenant=Y62ncCuwN85GGa7s0iz44XRnQoc9qr60"
)
ONCE = URI.replace(LAUNCH + "code-required", quote(LAUNCH + "code-required", safe=""))


@each(
    "text",
    [
        *(URI, ONCE, quote(URI, safe=""), quote(ONCE, safe="")),
        quote(quote(ONCE, safe=""), safe=""),
        f"https://app.example.org/callback?error=invalid_request&error_uri={quote(ONCE, safe='')}",
        f"error=invalid_request&error_uri={quote(URI, safe='')}&state=s",
        f'{{"error_uri":"{ONCE.replace("/", chr(92) + "/")}"}}',
        f'{{"error_uri":"{ONCE.replace("&", chr(92) + "u0026")}"}}',
        f'<a href="{ONCE.replace("&", "&amp;")}">more information</a>',
        f"2026-03-01T10:00:00Z WARN callback refused uri={ONCE} took=12ms",
        ONCE.upper().replace("C1", "c1").replace("ABC-1", "abc-1").replace("PERSONA", "persona"),
    ],
)
def test_an_error_uri_is_read_however_often_it_was_encoded(text: str) -> None:
    said = parse(text)
    assert said.urn == LAUNCH + "code-required"
    assert (said.instance, said.client, said.persona) == ("abc-1", "c1", "provider")
    assert str(said.tenant).lower() == "y62nccuwn85gga7s0iz44xrnqoc9qr60"
    assert said.vendor == "oracle"


# How a URN is written, and which one is meant.
SPELLED = f"""\
{GRANT.replace("oauth2", "oauth")}unknown-client {GRANT}unknown-client
{LAUNCH.upper()}CODE-REQUIRED {LAUNCH}code-required
smart-v1:grant:launch:code-required {LAUNCH}code-required
grant:launch:invalid-code {LAUNCH}invalid-launch-code
oauth2:grant:missing-patient {GRANT}missing-patient
resource-access:expired {RESOURCE}expired
urn:cerner:...:launch:code-required {LAUNCH}code-required
urn:cerner:…:empty-scopes {TOKEN}empty-scopes
{GRANT}of-tomorrow {GRANT}of-tomorrow
"""


@each(("written", "meant"), [line.split() for line in SPELLED.splitlines()])
@each("around", ["{}", "It says '{}'.", "({})", "**{}**", "error: {}\n"])
def test_spellings_of_one_urn_become_one(written: str, meant: str, around: str) -> None:
    assert parse(around.format(written)).urn == meant


@each("text", ["", "-", "%", "%%%", "hello", "urn:", "error=", "{}", "\x00\ud800", "=&"])
def test_a_text_that_says_nothing_gives_nothing(text: str) -> None:
    said = parse(text)
    assert said == EhrMessage(text=said.text)


def test_where_two_tails_would_fit_a_shortened_urn_none_is_guessed() -> None:
    assert parse("urn:cerner:…:server-error").urn is None


SECRET = "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z"


def test_what_surrounds_a_secret_stays() -> None:
    text = f'{{"headers":{{"authorization":"Basic {SECRET}"}},"error":"invalid_client"}}'
    assert parse(text).oauth_error == "invalid_client"


@each(
    "code",
    [
        *("403", "not-found", "invalid_grant", "scope_denied", RESOURCE + "expired"),
        "59008",
    ],
)
def test_a_code_that_names_an_error_is_no_secret(code: str) -> None:
    assert code in parse(f'{{"code":"{code}"}}').text


def test_what_steers_a_terminal_or_a_reader_is_removed() -> None:
    said = parse(f"\x1b[31m{LAUNCH}code-\u200brequired\u202e \x07client=c\u20661\r\n\x9b31m")
    assert said.urn == LAUNCH + "code-required"
    assert said.client == "c1"
    assert all(sign.isprintable() or sign == "\n" for sign in said.text)


def test_an_error_at_the_end_of_a_long_log_is_found() -> None:
    said = parse("2026-03-01 INFO nothing of interest\n" * 30_000 + ehr_messages.INVALID_LAUNCH)
    assert said.urn == LAUNCH + "invalid-launch-code"


HARD = (
    *("client_id", "error=", "a:", "%25", "%2525", "code=", '"', "urn:cerner:", "-----BEGIN "),
    *("patient/A.read ", "parameter ", "correlation id", "a-", "token:", 'error_description="'),
    *("\\", "client id ", "instance ", " ", "response_type=", "*", "/instances/", "aud=a://"),
    *("launch/patient,", "&#", "[", "tenant: ", "http 40", "Bearer ", "a_", "eyJ."),
    *("urn:cerner:a\n", "urn:cerner:error:authorization-server:\n> ", "\n", "client  ", "| "),
    *("&amp;", '{"a":', "\\u0026", "intent=", "persona \t", "response_type=\n"),
    *("-d scope=a ", "scope: launch ", "'scope': 'launch', ", "/authorize?x ", "\n&a_b="),
)


# What takes time by the square of the length takes long for a tenth of a megabyte, too.
_LONG, _EVERY = (1_000_000, 1) if os.environ.get("SOAK") else (200_000, 20)
_ANY = "".join(random.Random(7).choices(string.printable[:95], k=_LONG))
_DISTINCT = "\n".join(f"Error {i}: request {i} failed with status 401" for i in range(_LONG // 45))
_URLS = "\n".join(f"failed: https://{i}.example/" for i in range(_LONG // 30))


@each(
    "piece",
    (*HARD[::_EVERY], "&", 'name="code" ', 'name="code"\n', _ANY, _DISTINCT, _URLS),
    ids=lambda piece: ascii(piece[:12]),
)
def test_a_long_text_of_anything_takes_no_longer_than_a_moment(piece: str) -> None:
    """A quiet processor takes less than half of this, and a busy one not twice as long."""
    started = time.process_time()
    diagnose(parse(piece * (_LONG // len(piece))))
    assert time.process_time() - started < 2


def test_lines_that_never_become_a_known_urn_are_left_alone() -> None:
    lines = LAUNCH + "nothing-\nthat-\nany-\nehr-\nsays"
    assert parse(lines).urn == parse(lines.partition("\n")[0]).urn


def test_everything_of_others_is_bounded() -> None:
    long = "x" * 100_000
    said = parse(
        f"{LAUNCH}{long}/instances/{long}?client={long}&tenant={long}&persona={long}"
        f"&error={long}&error_description={long}\n{long}"
    )
    for name in ("urn", "instance", "client", "tenant", "persona", "oauth_error", "description"):
        assert len(getattr(said, name) or "") <= 600
    assert len(said.text) <= 32_768


def _jwt(claims: dict[str, object]) -> str:
    parts = ({"alg": "RS384", "kid": "k1"}, claims)
    coded = (urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts)
    return ".".join((*coded, "c2lnbmF0dXJl"))


@each(
    ("claims", "shown", "hidden"),
    [
        ({"iss": "my-client", "sub": "my-client", "exp": 9}, "my-client", "c2lnbmF0dXJl"),
        ({"iss": "https://h.example.org", "sub": "u-1234567"}, "h.example.org", "u-1234567"),
        ({"iss": "https://h.example.org", "patient": "p-777"}, "k1", "p-777"),
        ({"iss": "accounts.example", "sub": "u-1234567", "azp": "a"}, "azp", "u-1234567"),
        ({"aud": "a\u001b[2J"}, "a", "\u001b"),
        ({"scope": "access_token=abcdef123456"}, "scope", "abcdef123456"),
    ],
)
def test_of_a_jwt_only_what_names_software_is_read(
    claims: dict[str, object], shown: str, hidden: str
) -> None:
    read = parse(f"client_assertion={_jwt(claims)} {{}}").text
    assert shown in read
    assert hidden not in read
    assert "eyJ" not in read


def test_a_jwt_in_a_servers_own_text_is_not_read() -> None:
    assert "my-client" not in responses.shown(f"Refused: {_jwt({'iss': 'my-client'})}")
