"""/launch/jwks.json: the public keys, for any EHR that asks, and never a private one."""

import json
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from functions.launch import jwks
from shared.config.settings_file import parse
from shared.smart.signing_keys import read
from tests.support.app.servers import Server, free_port, serve
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.ehr.signing_keys import pem
from tests.support.tables import each

TARGET = 'functions_framework:create_app("launch","functions/launch/main.py")'


def _configuration(port: int, top: str = "") -> str:
    return (
        f'public_url = "http://localhost:{port}"\nsealing_keys = ["env:SEALING_KEY"]\n{top}\n'
        '[store]\nkind = "sqlite"\npath = "smart.db"\n'
        '[[ehr]]\nkey = "one"\niss = ["http://127.0.0.1:1/fhir"]\nclient_id = "c"\n'
        'scopes = "patient/*.rs"\n'
    )


@pytest.fixture(scope="module")
def document() -> str:
    signing = [read(pem("rsa"), "old"), read(pem("p384"), "new")]
    return json.dumps({"keys": [dict(key.public_jwk()) for key in signing]})


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory, document: str) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("jwks"), free_port()
    (folder / "jwks.json").write_text(document)
    config = folder / "smart.toml"
    config.write_text(_configuration(port, f'public_jwks = "file:{folder}/jwks.json"'))
    with serve(TARGET, "localhost", port, {"SMART_CONFIG": str(config)}, folder) as server:
        yield server


@each("path", ["/launch/jwks.json", "/jwks.json", "/launch/jwks.json?x=1"])
def test_the_keys_are_served_to_anyone_whether_or_not_the_name_is_stripped(
    launch: Server, browser: Browser, document: str, path: str
) -> None:
    answer = browser.get(f"{launch.origin}{path}")
    assert (answer.status, answer.text) == (200, document)
    assert answer.all("Content-Type") == ["application/json"]
    assert answer.all("Cache-Control") == ["public, max-age=300"]
    assert answer.all("Set-Cookie") == []
    assert answer.header("X-Correlation-Id")


def test_an_ehr_finds_in_them_the_key_of_each_kid(launch: Server, browser: Browser) -> None:
    served = browser.get(f"{launch.origin}/launch/jwks.json").json()
    keys = jwt.PyJWKSet.from_dict(served)
    for kid, kind, algorithm in (("old", "rsa", "RS384"), ("new", "p384", "ES384")):
        token = read(pem(kind), kid).sign({"iss": "c"})  # type: ignore[arg-type]
        assert jwt.decode(token, keys[kid], algorithms=[algorithm]) == {"iss": "c"}


@each("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_taken(launch: Server, browser: Browser, method: str) -> None:
    answer = browser.send(method, f"{launch.origin}/launch/jwks.json", {})
    assert (answer.status, answer.header("Allow")) == (405, "GET")
    assert answer.header("Cache-Control") == "no-store"


def test_a_browser_gets_the_keys_as_well(launch: Server, browser: Browser, document: str) -> None:
    answer = browser.send("GET", f"{launch.origin}/launch/jwks.json", NAVIGATION)
    assert (answer.status, answer.text) == (200, document)


@each("path", ["/launch/jwks.json/", "/launch/jwks", "/launch//jwks.json"])
def test_other_addresses_are_not_found(launch: Server, browser: Browser, path: str) -> None:
    answer = browser.get(f"{launch.origin}{path}")
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("content", "id_"),
    [
        (None, "secret_unreadable"),
        ('{"keys": [{"kty": "RSA", "kid": "k", "d": "sentinel"}]}', "setting_invalid"),
        (pem("p384"), "setting_invalid"),
        ("[]", "setting_invalid"),
    ],
    ids=["absent", "private member", "private key", "no set"],
)
def test_a_file_that_must_not_be_served_ends_the_process_at_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, id_: str
) -> None:
    if content is not None:
        (tmp_path / "jwks.json").write_text(content)
    settings, problems = parse(_configuration(8080, f'public_jwks = "file:{tmp_path}/jwks.json"'))
    assert settings is not None, problems
    with pytest.raises(SystemExit) as ended:
        jwks.load(settings)
    written = capsys.readouterr()
    assert (ended.value.code, written.out) == (1, "")
    assert f"public_jwks: file:{tmp_path}/jwks.json " in written.err
    assert f"[{id_}]" in written.err
    assert "sentinel" not in written.err
    if content is not None:
        assert content not in written.err
