"""The guide's blocks as text and in a shell: they stop, keep to their project, and are counted."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from infra.deployment import FILE
from tests.deploy.guide_walk import ALL, SHELL, TEXT, to_a_launch
from tests.support.app.servers import ROOT
from tests.support.cloud import guide
from tests.support.cloud.control_plane.server import run_in
from tests.support.tables import each

BLOCKS = [one for one in ALL if one.language == "sh" and not one.sets]
OPENED, CLOSED = "( stop_at_error || exit\n", "\n)\n"
STOPPING = [one for one in BLOCKS if one.text.startswith(OPENED)]
# It reads what it is given, as gcloud does: who writes into a pipe must not be the first to end.
COUNTING = 'gcloud() { echo called; [[ "$*" != *--data-file=- ]] || cat > /dev/null; }\n'


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the Python of this environment as python3."""
    guide.program(tmp_path / "bin", "python3", f'exec {sys.executable} "$@"')
    return tmp_path / "bin"


def test_every_block_of_more_than_one_command_stops_at_its_first_error() -> None:
    assert [(one.page, one.line) for one in STOPPING if not one.text.endswith(CLOSED)] == []
    others = {
        (one.page, one.line): re.sub(r"\\\n", "", one.text).splitlines()
        for one in BLOCKS
        if one not in STOPPING
    }
    assert [at for at, commands in others.items() if len(commands) > 1] == []


def test_in_a_terminal_that_was_not_prepared_such_a_block_does_nothing(tmp_path: Path) -> None:
    """Without the guide's two words and variables it would run on after each error."""
    text = COUNTING + "".join(one.text for one in STOPPING)
    ended = run_in(text, tmp_path, {}, [])
    assert ended.stdout == ""
    assert ended.stderr.count("stop_at_error: command not found") == len(STOPPING)


def test_a_prepared_terminal_leads_gcloud_to_the_project_of_the_file(programs: Path) -> None:
    given = {"CLOUDSDK_CORE_PROJECT": "another", "PROJECT": "another"}
    ended = run_in(f'{SHELL}echo "$CLOUDSDK_CORE_PROJECT"', ROOT, given, [programs])
    assert ended.stdout == "my-project\n"


def test_with_an_unusable_file_no_project_is_kept_from_before(
    programs: Path, tmp_path: Path
) -> None:
    for name in ("infra", "smart_calc"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / FILE).write_text("project = 1\n")
    given = {"CLOUDSDK_CORE_PROJECT": "another", "PROJECT": "another"}
    after = f'echo "<$CLOUDSDK_CORE_PROJECT>"\n{OPENED}gcloud --project=$PROJECT{CLOSED}'
    ended = run_in(COUNTING + SHELL + after, tmp_path, given, [programs])
    assert ended.stdout == "<>\n"
    assert "PROJECT: unbound variable" in ended.stderr


@each(("size", "code"), [(65_536, 0), (65_537, 1)])
def test_a_configuration_that_no_secret_can_hold_is_not_sent(
    programs: Path, tmp_path: Path, size: int, code: int
) -> None:
    """Both the first time and for a change."""
    sending = [one.text for one in BLOCKS if "--data-file=smart.toml" in one.text]
    assert len(sending) == 2
    (tmp_path / "smart.toml").write_bytes(b"#" * size)
    told = COUNTING.replace("called", '"$*"')
    start = f"cd {ROOT}\n{told}{SHELL}cd {tmp_path}\n"
    for block in sending:
        ended = run_in(f"{start}{block}", tmp_path, {}, [programs])
        assert ended.returncode == code, block
        assert ("versions add smart-toml" in ended.stdout) == (code == 0)
        assert (f"smart.toml has {size} bytes" in ended.stderr) == (code == 1)


@pytest.mark.calculators
def test_the_guide_counts_its_commands_calls_and_waits(programs: Path) -> None:
    """Up to a first launch; a loop's command is one, and as many calls as it has turns."""
    text = "".join(one.text for one in to_a_launch())
    ran = run_in(COUNTING + text, ROOT, {}, [programs])
    assert (ran.returncode, ran.stderr) == (0, "")
    calls = ran.stdout.count("called")
    commands = len(re.findall(r"^(?:  )*(?:again )?gcloud ", text, re.MULTILINE))
    waits = len(re.findall(r"^(?:  )*again ", text, re.MULTILINE))
    said = " ".join(TEXT.split())
    assert f"{commands} commands ({calls} calls), three edits (" in said
    assert f"{waits} waits by the helper `again`." in said
