"""What a pasted text is shown as again: without its secrets, in whatever form they're written."""

from urllib.parse import quote

from shared.explain import diagnose, harmless, parse
from tests.support import ehr_messages
from tests.support.tables import each

TOKEN = "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z"
# Only its name shows that it's a secret.
SHORT = "Tr0ub4dor"
_PGP = "PGP PRIVATE KEY BLOCK"
NAMES = (
    *("code", "state", "access_token", "refresh_token", "client_secret", "password", "device_code"),
    *("sealing_key", "code_verifier", "client_assertion", "id_token_hint", "api_key"),
    *("private_key", "session"),
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
    '<param name="NAME">VALUE</param>',
    *("<NAME>VALUE</NAME>", "<a:NAME b='c'>\nVALUE\n</a:NAME>", "<td>NAME</td><td>VALUE</td>"),
    'Content-Disposition: form-data; name="NAME"\r\n\r\nVALUE\r\n--x--',
    *("NAME: VALUE", "NAME: |\n  VALUE\n", "NAME:\n    VALUE\n", "- NAME: VALUE"),
    *("| NAME | VALUE |", "NAME\tVALUE", "NAME,VALUE", "the NAME is VALUE", "* **NAME**: `VALUE`"),
    *("x=1\\u0026NAME=VALUE\\u0026y", "NAME\\u003dVALUE", "NAME%3DVALUE", "NAME%253DVALUE"),
    *("form[NAME]=VALUE", "NAME = VALUE (from the URL)"),
)
OTHERS = (
    *("curl -u client:VALUE https://x", "curl -sSu 'client:VALUE' https://x", "--user=a:VALUE"),
    *("https://client:VALUE@ehr.example.org/r4", "/path;jsessionid=VALUE?x", "Bearer: VALUE"),
    *("Cookie: a=VALUE", "__Host-smart-abc=VALUE", '{"kty":"oct","k":"VALUE"}'),
    f"-----BEGIN {_PGP}-----\nVersion: 1.0\n\nVALUE\n-----END {_PGP}-----",
)


@each("value", [TOKEN, SHORT])
def test_a_secret_is_masked_by_its_name_in_every_form(value: str) -> None:
    texts = [
        written
        for name in NAMES
        for form in FORMS
        for spelled in (name, _percent(name), f"&#{ord(name[0])};{name[1:]}")
        for written in [form.replace("NAME", spelled).replace("VALUE", value)]
        # Only a decoder of HTML or URLs reads such a name.
        if spelled == name or form.startswith(("NAME=", "#NAME"))
    ]
    texts += [form.replace("VALUE", value) for form in OTHERS]
    assert [text for text in texts if value in harmless(text)] == []


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


@each(
    "text",
    [
        ehr_messages.INVALID_LAUNCH.replace("state=launch_state&", ""),
        *("HTTP/1.1 401 Unauthorized", '{"error":"invalid_grant"}'),
        "client_id=ab3f9c1d-1111-4222-8333-444455556666&error=access_denied",
        "GET https://fhir-ehr-code.cerner.com/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d/Patient",
        *('{"code":"not-found"}', "invalid_token: The access token expired", "The state is lost."),
        "The launch failed, code and state were sent.",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert harmless(text) == text
    assert diagnose(parse(harmless(text))) == diagnose(parse(text))
