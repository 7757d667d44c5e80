"""docs/deploy.md and the pages next to it as commands: their blocks, in order, each run as pasted
into bash.

`sleep` moves the clock of the fake cloud instead of waiting. A block leaves only variables and
functions in the shell, so a block that only sets some is prepended to all later ones.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tests.support import missing
from tests.support.cloud.control_plane.server import run_in

PATH = "docs/deploy.md"
# The path to a first launch, then the pages that it links, each with its own order.
PAGES = (
    PATH,
    "docs/organization.md",
    "docs/secrets.md",
    "docs/backend.md",
    "docs/domain.md",
    "docs/network.md",
    "docs/releases.md",
    "docs/production.md",
)
_NOT_READ = ("benchmarks/", "docs/", "simulator/", "tests/")
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETS = re.compile(r"\w+=|\. ")
_HEADING = re.compile(r"^##+ (.+)$", re.MULTILINE)
_STOPPED = re.compile(r"^Stopped at: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block: its heading, the number of its first line, its language, its text, its page."""

    heading: str
    line: int
    language: str
    text: str
    page: str = PATH

    @property
    def sets(self) -> bool:
        """Whether it only prepares the shell."""
        return all(_SETS.match(line) for line in self.text.splitlines())


def everywhere(root: Path) -> list[Block]:
    """Return the blocks of all pages."""
    return [one for page in PAGES for one in blocks((root / page).read_text("utf-8"), page)]


def blocks(text: str, page: str = PATH) -> list[Block]:
    """Return the blocks of a page."""
    blocks = []
    for fence in _FENCE.finditer(text):
        heading = [one[1] for one in _HEADING.finditer(text, 0, fence.start())][-1]
        line = text.count("\n", 0, fence.start(2)) + 1
        blocks.append(Block(heading, line, fence[1], fence[2], page))
    return blocks


@dataclass(frozen=True)
class Ran:
    """The result of a block. `command` is the one where it stopped."""

    block: Block
    code: int
    said: str
    command: str = ""

    @property
    def where(self) -> str:
        """The place in the guide, in an editor's format, and the command there."""
        wanted = self.command.split()
        lines = self.block.text.splitlines()
        number = max(range(len(lines)), key=lambda at: _same_words(lines[at].split(), wanted))
        command = self.command or self.block.text.strip()
        return f"{self.block.page}:{self.block.line + (number if wanted else 0)}: {command}"


def _same_words(one: list[str], other: list[str]) -> int:
    """Return the number of equal words at the start of two commands."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in pairs)


def run(
    wanted: Iterable[Block],
    folder: Path,
    variables: Mapping[str, str],
    programs: Sequence[Path],
    preamble: str = "",
) -> list[Ran]:
    """Run blocks until one fails. The last result is then the failed one."""
    done: list[Ran] = []
    for block in wanted:
        if block.sets:
            preamble += block.text
        ended = run_in(preamble + block.text, folder, variables, programs)
        stopped = _STOPPED.findall(ended.stderr)
        command = stopped[-1] if stopped else ""
        done.append(Ran(block, ended.returncode, ended.stderr + ended.stdout, command))
        if ended.returncode:
            break
    return done


def program(folder: Path, name: str, text: str) -> None:
    """Write a program for a test, found before all others."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def copy_of_repository(root: Path, folder: Path, left_out: tuple[str, ...] = _NOT_READ) -> None:
    """Copy the files that git would have, except folders that no build step reads here, which take
    most of the time.
    """
    missing.need_git()
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        source = root / name
        if source.is_file() and not name.startswith(left_out):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode & 0o777)
