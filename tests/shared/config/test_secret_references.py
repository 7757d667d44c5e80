"""References to secrets: resolved where they are used, and never shown."""

import base64
import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from shared.config.secret_references import MAX_CHARACTERS, resolve, resolve_sealing_keys
from shared.config.settings import Settings
from tests.support.app.small_settings import small_settings
from tests.support.tables import each

KEY = bytes(range(32))
WRITTEN = base64.urlsafe_b64encode(KEY).decode().rstrip("=")


def _settings(*references: str) -> Settings:
    return replace(small_settings(), sealing_keys=references)


def test_an_env_reference_is_the_variable_without_surrounding_space(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_OF_TEST", " value\n")
    assert resolve("env:SECRET_OF_TEST") == "value"


def test_a_file_reference_is_the_files_text_without_surrounding_space(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("väl:ue\n", encoding="utf-8")
    assert resolve(f"file:{tmp_path}/secret") == "väl:ue"


@each("value", [None, "", " \n"])
def test_a_variable_that_is_unset_or_empty_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("SECRET_OF_TEST", raising=False)
    if value is not None:
        monkeypatch.setenv("SECRET_OF_TEST", value)
    with pytest.raises(ValueError, match=r"^env:SECRET_OF_TEST is not set or empty$"):
        resolve("env:SECRET_OF_TEST")


@each("name", ["missing", "folder", "binary", "empty"])
def test_a_file_that_cannot_be_read_is_named_without_its_content(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir(exist_ok=True)
    (tmp_path / "binary").write_bytes(b"sentinel\xff\xfe")
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match=f"^file:{tmp_path}/{name} ") as caught:
        resolve(f"file:{tmp_path}/{name}")
    assert "sentinel" not in str(caught.value)
    assert caught.value.__cause__ is None


@each("kind", ["env", "file"])
def test_what_is_no_secret_by_its_size_is_not_read_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    reference = {"env": "env:SECRET_OF_TEST", "file": f"file:{tmp_path}/secret"}[kind]
    for size, usable in ((MAX_CHARACTERS, True), (MAX_CHARACTERS + 1, False)):
        monkeypatch.setenv("SECRET_OF_TEST", "é" * size)
        (tmp_path / "secret").write_text("é" * size, encoding="utf-8")
        if usable:
            assert len(resolve(reference)) == size
        else:
            with pytest.raises(
                ValueError, match=r"cannot be read: it is longer than 200000 characters$"
            ):
                resolve(reference)


@each(
    ("written", "key"),
    [
        (WRITTEN, KEY),
        (f"{WRITTEN}=", KEY),
        (f"  {WRITTEN}\n", KEY),
        ("-__7__v_" * 5 + "-_8", b"\xfb\xff" * 16),
    ],
)
def test_a_sealing_key_is_32_bytes_of_base64url(
    monkeypatch: pytest.MonkeyPatch, written: str, key: bytes
) -> None:
    monkeypatch.setenv("SEALING_KEY", written)
    assert resolve_sealing_keys(_settings("env:SEALING_KEY")) == (key,)


def test_keys_come_in_the_order_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = secrets.token_bytes(32)
    monkeypatch.setenv("SEALING_KEY", WRITTEN)
    (tmp_path / "key").write_bytes(base64.urlsafe_b64encode(other))
    references = (f"file:{tmp_path}/key", "env:SEALING_KEY")
    assert resolve_sealing_keys(_settings(*references)) == (other, KEY)


@each(
    "written",
    [
        *("sentinel", base64.urlsafe_b64encode(b"sentinel" * 2).decode()),
        *(base64.urlsafe_b64encode(b"sentinel" * 5).decode(), "sentinel*" + "A" * 34),
        *("sentinel" + "é" * 35, f"{WRITTEN[:20]} {WRITTEN[20:]}", WRITTEN + "A"),
    ],
)
def test_any_other_key_ends_the_process_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    monkeypatch.setenv("SEALING_KEY", written)
    with pytest.raises(SystemExit) as ended:
        resolve_sealing_keys(_settings("env:SEALING_KEY"))
    output = capsys.readouterr()
    assert ended.value.code == 1
    assert output.out == ""
    assert "sealing_keys[0]: env:SEALING_KEY isn't 32 bytes" in output.err
    assert "[sealing_key_invalid]" in output.err
    assert written not in output.err


def test_all_keys_that_cannot_be_used_are_reported_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEALING_KEY", WRITTEN)
    monkeypatch.setenv("SHORT_KEY", "short")
    monkeypatch.delenv("NO_KEY", raising=False)
    references = ("env:NO_KEY", "env:SEALING_KEY", "env:SHORT_KEY", "file:/no/such/key")
    with pytest.raises(SystemExit):
        resolve_sealing_keys(_settings(*references))
    written = capsys.readouterr().err
    for line in (
        "3 problem(s)",
        "sealing_keys[0]: env:NO_KEY is not set or empty [secret_unreadable]",
        "sealing_keys[2]: env:SHORT_KEY isn't 32 bytes",
        "sealing_keys[3]: file:/no/such/key cannot be read: No such file or directory",
    ):
        assert line in written
    assert "sealing_keys[1]" not in written
