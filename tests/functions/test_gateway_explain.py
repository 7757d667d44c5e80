"""The page at which a pasted error is explained, and the documents: on this machine only."""

import html
import posixpath
import re
from urllib.parse import urlencode

from tests.support.app.app import App
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.ehr import ehr_messages
from tests.support.ehr.three_ehrs import in_words


def pasted(app: App, text: str) -> str:
    form = {**NAVIGATION, "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"text": text}).encode()
    answer = Browser().send("POST", f"{app.origin}/explain", form, body=body)
    assert answer.status == 200
    return answer.text


def test_what_is_pasted_is_no_markup_and_no_secret_is_shown(app: App) -> None:
    secret = "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z"
    page = pasted(app, f"{ehr_messages.INVALID_LAUNCH}&code={secret} <script>alert(1)</script>")
    assert secret not in page
    assert "<script" not in page
    assert secret not in str(app.log_lines())


def test_no_form_of_a_secret_is_shown(app: App) -> None:
    """tests/shared/explain/test_masking.py has more forms."""
    secret = "Tr0ub4dor"
    text = "\n".join(
        (
            *(f"%63%6F%64%65={secret}", f'<input name="state" value="{secret}">'),
            *(f"<code>{secret}</code>", f"'device_code' => '{secret}'", f"| session | {secret} |"),
            *(f"x\\u0026code={secret}", f"curl -u a:{secret} x", f"https://a:{secret}@b/c"),
            *(f"sealing_key: |\n  {secret}", "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z"),
        )
    )
    page = pasted(app, text)
    assert secret not in page
    assert "kH3xQ9" not in page
    assert "device_code" in page


def test_the_box_keeps_what_was_pasted_and_comes_below_the_launch(app: App) -> None:
    page = pasted(app, 'It says "error": "invalid_grant" <after> lunch')
    kept = page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
    assert html.unescape(kept) == 'It says "error": "invalid_grant" <after> lunch'
    assert "Paste this next" in in_words(page)
    front = in_words(Browser().send("GET", f"{app.origin}/", NAVIGATION).text)
    assert front.index("Launch the app") < front.index("Did your launch fail?")


def test_every_link_of_the_documents_leads_to_a_place_that_is_served(app: App) -> None:
    pages: dict[str, str] = {}
    open_ = {"troubleshooting.md", *re.findall(r'href="/docs/([^"]+)"', front_page(app))}
    while open_ - pages.keys():
        name = (open_ - pages.keys()).pop()
        answer = Browser().send("GET", f"{app.origin}/docs/{name}", NAVIGATION)
        assert (answer.status, name) == (200, name)
        pages[name] = answer.text
        open_ |= {one.partition("#")[0] for one in targets(name, answer.text)}
    assert len(pages) > 15
    for name, page in pages.items():
        for target in targets(name, page):
            path, _, anchor = target.partition("#")
            assert not anchor or f'id="{anchor}"' in pages[path], target


def targets(name: str, page: str) -> list[str]:
    """Where the links of a document lead, as paths below docs/."""
    text = page.partition("<article")[2]
    links = re.findall(r'<a href="([^"]+)"', text)
    folder = f"{name.rpartition('/')[0]}/".removeprefix("/")
    return [
        f"{posixpath.normpath(folder + path) if path else name}#{anchor}"
        for path, _, anchor in (one.partition("#") for one in links if ":" not in one)
    ]


def front_page(app: App) -> str:
    return Browser().send("GET", f"{app.origin}/", NAVIGATION).text


def test_nothing_of_the_machine_but_documents_is_served(app: App) -> None:
    page = Browser().send("GET", f"{app.origin}/docs/doctor.md").text
    assert "&lt;" in page
    assert not re.search(r"<script|<h1>|\sstyle=", page)
    assert re.search(r'<h1 id="[\w-]+">.*<th scope="col">', page, re.DOTALL)
    for path in ("/docs/../README.md", "/docs/%2e%2e/README.md", "/docs/none.md"):
        assert Browser().send("GET", app.origin + path).status == 404


def test_another_name_of_this_machine_is_told_to_use_the_configured_one(app: App) -> None:
    port = app.origin.rpartition(":")[2]
    other = f"http://127.0.0.1:{port}/"
    page = in_words(Browser().send("GET", other, NAVIGATION).text)
    assert "Launch only from" in page
    assert "127.0.0.1 instead of localhost" in page
    assert "Another address" not in Browser().send("GET", f"{app.origin}/", NAVIGATION).text


def test_the_instruction_stands_above_its_lines_and_each_line_says_where_it_belongs(
    app: App,
) -> None:
    said = in_words(pasted(app, f"{ehr_messages.FIRST_REPORT}\nscope: 'launch/patient'"))
    places = (
        "Fix: Request launch instead of launch/patient",
        "In the request: scope=launch openid",
        'The setting that sends it: scope: "launch openid fhirUser',
        "The error proves this cause.",
    )
    assert sorted(places, key=said.index) == list(places)
    assert said.count("Request launch instead of launch/patient") == 1


def test_a_pasted_error_has_what_to_give_to_the_ehrs_support(app: App) -> None:
    page = pasted(app, ehr_messages.FIRST_REPORT)
    copied = page.partition('<pre class="copy"')[2].partition("</pre>")[0]
    for part in (
        ehr_messages.LAUNCH + "code-required",
        "847e48ff",
        "908d5cee",
        ehr_messages.TENANT,
        "Causes: launch_",
    ):
        assert part in copied
