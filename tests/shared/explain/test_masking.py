"""What a pasted text is shown as again: without its secrets, in whatever form they're written."""

from urllib.parse import quote

from shared.explain import diagnose, harmless, parse
from tests.support.ehr import ehr_messages
from tests.support.tables import each

TOKEN = "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z"
# Only its name shows that it's a secret: mixed, letters alone, digits alone.
SHORT = "Tr0ub4dor"
LETTERS = "swordfish"
DIGITS = "73920184"
_PGP = "PGP PRIVATE KEY BLOCK"
NAMES = (
    *("code", "state", "access_token", "refresh_token", "client_secret", "password", "device_code"),
    *("sealing_key", "code_verifier", "client_assertion", "id_token_hint", "api_key"),
    *("private_key", "session", "sid", "pin", "csrf", "CLIENT_SECRET", "clientSecret", "X-Api-Key"),
    *("session_id", "client.secret", "authCode", "JSESSIONID", "passphrase", "otp", "my-app-token"),
    *("sessionState", "PGPASSWORD", "token2", "user password", "csrfmiddlewaretoken"),
)


def _percent(text: str) -> str:
    return "".join(f"%{ord(one):02X}" for one in text)


# NAME and VALUE stand for themselves.
FORMS = (
    *("NAME=VALUE&x=1", "#NAME=VALUE", "NAME : VALUE", "export NAME='VALUE'", "--NAME VALUE"),
    *('{"NAME": "VALUE"}', '{\\"NAME\\": \\"VALUE\\"}', "{'NAME': 'VALUE'}", '"NAME":["VALUE"]'),
    *("'NAME' => 'VALUE'", "NAME -> VALUE", "('NAME', 'VALUE')", '["NAME", "VALUE"]'),
    *('{"name": "NAME", "value": "VALUE"}', '{"value": "VALUE", "name": "NAME"}'),
    *('<input type="hidden" name="NAME" value="VALUE">', "<input value='VALUE' id='NAME'/>"),
    *("<input name=NAME value=VALUE>", '<textarea name="NAME">VALUE</textarea>'),
    *('<param name="NAME">VALUE</param>', '<add key="NAME" value="VALUE"/>'),
    *("<td>NAME</td><td>VALUE</td>", "<b>NAME</b>: VALUE"),
    "<key>NAME</key>\n<string>VALUE</string>",
    *('Content-Disposition: form-data; name="NAME"\r\n\r\nVALUE\r\n--x--', "NAME\tVALUE\n"),
    *(
        "NAME: VALUE",
        "NAME: |\n  VALUE\nx: y\n",
        "NAME:\n    VALUE\n",
        "- NAME: VALUE",
        "NAME;VALUE;x",
    ),
    *("| NAME | VALUE |", "NAME,VALUE", "the NAME is VALUE", "* **NAME**: `VALUE`"),
    "NAME    VALUE",
    *("x=1\\u0026NAME=VALUE\\u0026y", "NAME\\u003dVALUE", "NAME%3DVALUE", "NAME%253DVALUE"),
    *("form[NAME]=VALUE", "NAME = VALUE (from the URL)", "I use NAME VALUE.", "NAME=VALUE;Path=/"),
    *("our NAME was 'VALUE', but", 'os.environ["NAME"] = "VALUE"', 'NAME("VALUE")', "NAME (VALUE)"),
    *("NAME == 'VALUE'", "`NAME`: `VALUE`", 'NAME := "VALUE"', '"NAME";"VALUE"', "NAME → VALUE"),
    *("-DNAME=VALUE", '-H "NAME: VALUE"', "-d NAME=VALUE -d x=1", "ENV NAME VALUE"),
    ":NAME => :VALUE",
    *('params.put("NAME", "VALUE");', "x.set('NAME','VALUE')", '"NAME" , "VALUE"', "NAME|VALUE|x"),
    *('NAME: "VALUE"', "NAME (sandbox): VALUE", "NAME is: VALUE", "with NAME of VALUE"),
    "NAME\n: VALUE",
    *("{NAME:VALUE}", "[NAME=VALUE]", "/cb?NAME=VALUE", "/cb;NAME=VALUE?x", "x?a=b&amp;NAME=VALUE"),
    *('{\\\\\\"NAME\\\\\\":\\\\\\"VALUE\\\\\\"}', "2026-12-02 INFO NAME=VALUE", "NAME&#61;VALUE"),
)
# Names with a space or a sign aren't names of elements.
ELEMENTS = ("<NAME>VALUE</NAME>", "<a:NAME b='c'>\nVALUE\n</a:NAME>")
OTHERS = (
    *("curl -u client:VALUE https://x", "curl -sSu 'client:VALUE' https://x", "--user=a:VALUE"),
    *("curl -b 'a=VALUE; b=c' https://x", "curl --cookie a=VALUE"),
    *("https://client:VALUE@ehr.example.org/r4", "//client:VALUE@ehr.example.org/r4"),
    *("/path;jsessionid=VALUE?x", "Bearer: VALUE", "Authorization: Bearer VALUE"),
    "-H 'Cookie: VALUE'",
    *("Cookie: a=VALUE", "__Host-smart-abc=VALUE", '{"kty":"oct","k":"VALUE"}'),
    "Set-Cookie: a=VALUE",
    *('"Authorization","Basic VALUE"', 'setRequestHeader("Authorization", "VALUE")', "Basic VALUE"),
    *('{"Authorization": "Basic VALUE"}', "setClientSecret('VALUE')"),
    "client secret for Epic: VALUE",
    f"-----BEGIN {_PGP}-----\nVersion: 1.0\n\nVALUE\n-----END {_PGP}-----",
)


@each("value", [TOKEN, SHORT, LETTERS, DIGITS])
def test_a_secret_is_masked_by_its_name_in_every_form(value: str) -> None:
    written = [
        form.replace("NAME", spelled).replace("VALUE", value)
        for name in NAMES
        for form in (*FORMS, *(ELEMENTS if name.replace("_", "").isalnum() else ()))
        for spelled in (name, _percent(name), f"&#{ord(name[0])};{name[1:]}")
        # Only a decoder of HTML or URLs reads such a name.
        if spelled == name or form.startswith(("NAME=", "#NAME"))
    ]
    written += [form.replace("VALUE", value) for form in OTHERS]
    assert [text for text in written if value in harmless(text)] == []
    assert [text for text in written[::7] if value in repr(parse(text))] == []


def test_a_value_is_masked_to_its_end() -> None:
    forms = ("password=ab{}cdef", "password: ab{}cdef", "-d client_secret=ab{}cdef -d x=1")
    shown = [
        *(harmless(form.format(sign)) for form in forms for sign in ("'", '"', "%26", *",;:@/")),
        *(harmless(f'pin: "ab{sign}cdef"') for sign in ("'", "%26", *",;:@/")),
    ]
    assert [text for text in shown if "cdef" in text] == []


@each(
    "text",
    [
        *(f"what is {TOKEN} here", f"https://app.example/callback/{TOKEN}", _percent(TOKEN)),
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        *(quote(quote(f"x={TOKEN}", safe=""), safe=""), f"x\\u003d{TOKEN}", f"{TOKEN}.{TOKEN}"),
        "3f2b1c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
    ],
)
def test_a_secret_is_masked_by_its_form_wherever_it_is(text: str) -> None:
    shown = harmless(text)
    assert TOKEN[8:24] not in shown
    assert "659a2feaa0c55ad0" not in shown
    assert "5e6f-4a7b" not in shown


def test_an_escape_of_an_escape_without_end_is_masked_whole() -> None:
    assert harmless("%" + "25" * 40 + "41") == "…"
    assert harmless("&" + "amp;" * 40 + "lt;") == "…"
    assert harmless("&#" + "1" * 5000 + ";") != ""


@each(
    "text",
    [
        ehr_messages.INVALID_LAUNCH.replace("state=launch_state&", ""),
        *("HTTP/1.1 401 Unauthorized", '{"error":"invalid_grant"}'),
        "client_id=ab3f9c1d-1111-4222-8333-444455556666&error=access_denied",
        "GET https://fhir-ehr-code.cerner.com/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d/Patient",
        *('{"code":"not-found"}', "invalid_token: The access token expired", "The state is lost."),
        "The launch failed, code and state were sent.",
        *("The session is active.", "The password grant isn't allowed for this client."),
        *("the state parameter is missing", "code, state and launch are missing"),
        "error code 90002",
        *("scope=launch openid fhirUser patient/Goal.rs", "token_type=bearer", "status code: 401"),
        '{"scope":"openid launch","patient":"12724066","intent":"launch","tenant":"acme"}',
        "redirect_uri=https://app.example.org/callback",
        "POST token https://ehr.example.org/token",
        "Launch: https://app.example.org/launch?iss=https://ehr.example.org/r4",
        "WWW-Authenticate: Bearer realm=x",
        "urn:cerner:error:authorization-server:oauth2:token:x",
        '{"code":{"coding":[{"system":"http://loinc.org","display":"Systolic"}]}}',
        *("code_challenge_method=S256", "grant_type=authorization_code"),
        "Basic authentication fails",
        *("error code AADSTS70008", "token endpoint returned 401", '{"code": 404}'),
        "errorCode=abcde",
        "| client_id | 4787c109-971b-4933 |",
        *("The client secret is wrong.", "No session cookie was sent", "SMART App Launch 2.2.0"),
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert harmless(text) == text
    assert diagnose(parse(harmless(text))) == diagnose(parse(text))


def test_a_block_of_yaml_is_masked_and_what_follows_it_stays() -> None:
    text = "x:\n  client_secret: >-\n    a-secret\n    of-two-lines\n  scopes: [openid]\n"
    assert harmless(text) == "x:\n  client_secret: >-\n…\n  scopes: [openid]\n"
