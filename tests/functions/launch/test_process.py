"""A function in a separate process: how it starts, refuses to start, and reaches its store."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from infra.stage import FUNCTIONS
from tests.support.app.servers import Server, free_port, run, serve, serve_app
from tests.support.app.whole import SMART_CALC
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each

pytestmark = pytest.mark.slow

KEY = secrets.token_urlsafe(32)


def _environment(**settings: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if k not in {"SMART_CONFIG", "SEALING_KEY"}}
    return inherited | settings


def _start(function: str, folder: Path, **settings: str) -> tuple[int, str]:
    """Start a function as its deployment does, in the hope that it ends by itself: its exit status,
    and what it said.
    """
    log = folder / "log"
    options = ["--source", f"functions/{function}/main.py", "--port", str(free_port())]
    environment = _environment(**settings)
    status = run(
        "functions_framework", "--target", function, *options, environment=environment, log=log
    )
    return status, log.read_text(encoding="utf-8")


def _file(folder: Path, base: str, port: int) -> Path:
    path = folder / "smart.toml"
    path.write_text(
        f'public_url = "http://localhost:{port}"\nsealing_keys = ["env:SEALING_KEY"]\n'
        f'[store]\nkind = "sqlite"\npath = "{folder}/smart.db"\n'
        f'[[ehr]]\nkey = "one"\niss = ["{base}"]\nclient_id = "c"\nscopes = "patient/*.rs"\n',
        encoding="utf-8",
    )
    return path


BAD = """
public_url = "http://smart.example.org"
sealing_keys = ["a-literal-sealing-key"]
[store]
kind = "sqlite"
[[ehr]]
key = "one"
iss = ["nonsense"]
client_id = "c"
scopes = "launch patient/*.rs"
clientid = "x"
[[ehr]]
key = "two"
iss = ["https://two.test/fhir"]
client_id = "c"
scopes = "patient/*.rs"
"""
BAD_PLACES = {
    "public_url: ": "http_not_local",
    "sealing_keys[0]: ": "secret_literal",
    "ehr[0].iss: ": "iss_invalid",
    "ehr[0].scopes: ": "launch_scope_configured",
    "ehr[0].clientid: ": "setting_unknown",
    "ehr[0].redirect_path: ": "setting_invalid",
    "ehr[1].redirect_path: ": "setting_invalid",
}


@each("function", FUNCTIONS)
def test_a_bad_file_ends_the_process_with_all_its_problems(tmp_path: Path, function: str) -> None:
    path = tmp_path / "smart.toml"
    path.write_text(BAD, encoding="utf-8")
    status, said = _start(function, tmp_path, SMART_CONFIG=str(path), SEALING_KEY=KEY)
    assert status == 1
    lines = said.splitlines()
    assert lines[0] == f"smart-calc: {len(BAD_PLACES)} problem(s) in the configuration"
    for place, id_ in BAD_PLACES.items():
        (at,) = [i for i, line in enumerate(lines) if line.startswith(place)]
        assert lines[at].endswith(f"[{id_}]")
        assert lines[at + 1].startswith("    ")
        assert lines[at + 1].strip()
    assert len(lines) == 1 + 2 * len(BAD_PLACES)
    assert "a-literal-sealing-key" not in said


@pytest.mark.parametrize("content", [None, b"\xff\xfe", "folder"])
def test_a_file_that_cannot_be_read_ends_the_process(
    tmp_path: Path, content: bytes | str | None
) -> None:
    path = tmp_path / "smart.toml"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    status, said = _start("launch", tmp_path, SMART_CONFIG=str(path))
    assert status == 1
    assert f"{path}: cannot be read: " in said
    assert "[config_unreadable]" in said
    assert "Traceback" not in said


CONFIDENTIAL = """
[[ehr]]
key = "secret"
iss = ["http://127.0.0.1:1/secret"]
client_id = "c"
client_auth = "client_secret_basic"
client_secret = "env:EHR_SECRET"
redirect_path = "/callback/secret"
scopes = "patient/*.rs"
[[ehr]]
key = "key"
iss = ["http://127.0.0.1:1/key"]
client_id = "c"
client_auth = "private_key_jwt"
private_key = "env:EHR_KEY"
key_id = "k1"
scopes = "patient/*.rs"
redirect_path = "/callback/key"
"""


@each("function", ["callback", "fhir_proxy", SMART_CALC])
def test_credentials_that_cannot_be_used_end_the_functions_that_use_them_all_at_once(
    tmp_path: Path, function: str
) -> None:
    path = _file(tmp_path, "http://127.0.0.1:1/fhir", 8080)
    path.write_text(path.read_text(encoding="utf-8") + CONFIDENTIAL, encoding="utf-8")
    status, said = _start(function, tmp_path, SMART_CONFIG=str(path), EHR_KEY="sentinel-no-key")
    assert status == 1
    for place in (
        "ehr secret: client_secret: env:EHR_SECRET ",
        "ehr key: private_key: env:EHR_KEY ",
        "sealing_keys[0]: env:SEALING_KEY ",
    ):
        assert place in said
    assert "sentinel" not in said
    assert "Traceback" not in said


@each("function", ["launch", pytest.param("cds_services", marks=pytest.mark.calculators)])
def test_a_line_of_a_file_with_bases_that_cannot_be_used_ends_the_functions_that_read_it(
    tmp_path: Path, function: str
) -> None:
    path = _file(tmp_path, "http://127.0.0.1:1/fhir", 8080)
    path.write_text(path.read_text("utf-8") + 'issuers = "file:issuers/one.txt"\n')
    (tmp_path / "issuers").mkdir(exist_ok=True)
    (tmp_path / "issuers/one.txt").write_text("https://a.test/fhir\nhtps://b.test/fhir\n")
    status, said = _start(function, tmp_path, SMART_CONFIG=str(path), SEALING_KEY=KEY)
    assert status == 1
    assert "one.txt, line 2, 'htps://b.test/fhir': " in said
    assert "Traceback" not in said


def test_launch_reads_a_file_with_bases_and_callback_does_not_need_it(
    tmp_path: Path, browser: Browser, scripted: ScriptedEhr
) -> None:
    tenant, port = scripted.tenant(), free_port()
    path = _file(tmp_path, "http://127.0.0.1:1/fhir", port)
    text = path.read_text("utf-8").replace('iss = ["http://127.0.0.1:1/fhir"]\n', "")
    path.write_text(text + 'issuers = "file:issuers/one.txt"\n')
    (tmp_path / "issuers").mkdir()
    (tmp_path / "issuers/one.txt").write_text(f"https://a.test/fhir\tA\n{tenant.base}/\tB\n")
    config = {"SMART_CONFIG": str(path), "SEALING_KEY": KEY}
    with _serve("launch", tmp_path, port, **config) as server:
        launch = f"{server.origin}/launch?launch=1&iss="
        begun = browser.get(launch + quote(tenant.base, safe=""))
        stranger = browser.get(launch + quote("https://b.test/fhir", safe=""))
        (tmp_path / "issuers/one.txt").unlink()
        with _serve("callback", tmp_path, free_port(), **config) as callback:
            iss = quote(tenant.base, safe="")
            query = f"code=c&state={begun.query['state']}&iss={iss}"
            opened = browser.get(f"{callback.origin}/callback?{query}")
    assert (begun.status, stranger.code, opened.status) == (302, "iss_not_allowed", 303)


def _serve(
    function: str, folder: Path, port: int, **settings: str
) -> contextlib.AbstractContextManager[Server]:
    target = f'functions_framework:create_app("{function}","functions/{function}/main.py")'
    own = folder / function
    own.mkdir()
    return serve(target, "localhost", port, settings, own)


@each("function", FUNCTIONS)
def test_without_smart_config_a_function_loads_and_answers_misconfigured(
    tmp_path: Path, browser: Browser, function: str
) -> None:
    assert "SMART_CONFIG" not in os.environ
    with _serve(function, tmp_path, free_port()) as server:
        answer = browser.get(f"{server.origin}/x")
        assert (answer.status, answer.code) == (500, "misconfigured")
        (line,) = [json.loads(one) for one in server.log.read_text().splitlines()]
    assert (line["code"], line["severity"]) == ("misconfigured", "ERROR")
    assert line["correlation_id"] == answer.header("X-Correlation-Id")


@dataclass(frozen=True)
class Alone:
    """launch and callback as two processes that share nothing but their store."""

    launch: Server
    callback: Server
    port: int


@pytest.fixture(scope="module")
def base(scripted: ScriptedEhr) -> str:
    return scripted.tenant().base


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, base: str) -> Iterator[Alone]:
    folder = tmp_path_factory.mktemp("alone")
    port = free_port()
    path = _file(folder, base, port)
    config = {"SMART_CONFIG": str(path)}
    confidential = folder / "confidential.toml"
    confidential.write_text(path.read_text(encoding="utf-8") + CONFIDENTIAL, encoding="utf-8")
    with contextlib.ExitStack() as stack:

        def start(function: str, **settings: str) -> Server:
            bind = port if function == "launch" else free_port()
            return stack.enter_context(_serve(function, folder, bind, **(config | settings)))

        # An empty variable is what `launch` finds where the secret is not mounted.
        launch = start("launch", SMART_CONFIG=str(confidential), SEALING_KEY="")
        yield Alone(launch, start("callback", SEALING_KEY=KEY), port)


def _begin(alone: Alone, base: str, browser: Browser, path: str = "/launch") -> Answer:
    url = f"{alone.launch.origin}{path}?iss={quote(base, safe='')}&launch=a%2Bb"
    return browser.get(url)


def test_launch_needs_no_secret(alone: Alone, base: str, browser: Browser) -> None:
    begun = _begin(alone, base, browser)
    assert begun.status == 302
    assert begun.query["launch"] == "a+b"


def test_the_code_goes_to_the_endpoint_found_at_launch_whatever_the_ehr_says_later(
    alone: Alone, base: str, browser: Browser, scripted: ScriptedEhr, other: ScriptedEhr
) -> None:
    tenant = next(one for one in scripted.tenants.values() if one.base == base)
    begun = _begin(alone, base, browser)
    honest, elsewhere = dict(tenant.discovery), f"{other.origin}/x/token"
    before, strangers = len(tenant.received), len(other.strangers)
    try:
        tenant.discovery |= {"token_endpoint": elsewhere, "issuer": "http://x.test"}
        query = f"code=c&state={begun.query['state']}&iss={quote(base, safe='')}"
        answer = browser.get(f"{alone.callback.origin}/callback?{query}")
    finally:
        tenant.discovery.update(honest)
    assert answer.status == 303
    assert [one.path for one in tenant.received[before:]] == ["/auth/token"]
    assert len(other.strangers) == strangers


def test_brief_pages_keep_the_details_to_the_log(
    tmp_path: Path, scripted: ScriptedEhr, browser: Browser
) -> None:
    tables = (
        f'[[ehr]]\nkey = "one"\niss = ["{scripted.origin}/b/*"]\nclient_id = "c"\n'
        'scopes = "patient/*.rs"'
    )
    top = 'error_details = "brief"\nframe_ancestors = ["https://ehr.test"]\nlaunch_minutes = 0.5'
    with serve_app(tmp_path, tables, top=top) as server:
        iss = quote("https://stranger.test/fhir", safe="")
        page = browser.send("GET", f"{server.origin}/launch?iss={iss}&launch=1", NAVIGATION)
        tenant = scripted.tenant("b")
        begun = browser.get(f"{server.origin}/launch?iss={quote(tenant.base, safe='')}&launch=1")
        log = server.log.read_text()
    assert "stranger.test" not in page.text
    assert '"iss": "https://stranger.test/fhir"' in log
    policy = page.header("Content-Security-Policy") or ""
    assert "frame-ancestors https://ehr.test" in policy
    assert "; Max-Age=30; " in (begun.header("Set-Cookie") or "")
