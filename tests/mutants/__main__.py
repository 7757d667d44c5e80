"""Changes one decision at a time, to see whether a test at its own level notices.

`python -m tests.mutants`, or `make mutants`: the sample of all packages, in about two hours on two
cores. `--file PATH`: all mutants of one file. `--package NAME`: the sample of one.

`--file PATH ... --matrix NUMBER TESTS ...`: so many mutants of each file, and for each all tests
that notice it, at its own level and among these modules or folders: .local/mutants/matrix.json. A
test may go if another asserts the same decision, and at least five mutants are in the lines that it
covers, which all die without it.

A line for each that lives, the score of each package; the exit status is not 0 if fewer than 95 of
100 die. .local/mutants/results.json says which test noticed which mutant first.

mutmut 3 changes nothing outside of functions, where our tables are; cosmic-ray starts the whole
command of the tests for each mutant, without a choice by coverage. Hence these 300 lines.
"""

import argparse
import ast
import contextlib
import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.changes import changes
from tests.mutants.packages import PACKAGES, Package
from tests.mutants.reached import Reached, measured
from tests.support.app.servers import ROOT

SEED = "2026"
RESULTS = ROOT / ".local/mutants/results.json"
MATRIX = ROOT / ".local/mutants/matrix.json"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
QUICK = 40  # Tests that run before all others, at most
SECONDS = 240  # Without an end, a mutant counts as noticed


@dataclass(frozen=True)
class Mutant:
    package: str
    path: Path
    number: int  # Position among the changes of the file
    line: int
    what: str  # With "#2" if the file has the same change twice

    @property
    def name(self) -> str:
        return f"{self.path.relative_to(ROOT)} {self.what}"

    @property
    def rank(self) -> str:
        """Return a place that moving lines doesn't change."""
        return hashlib.sha256(f"{SEED} {self.name}".encode()).hexdigest()

    def text(self) -> str:
        tree = ast.parse(self.path.read_text("utf-8"))
        next(itertools.islice(changes(tree), self.number, None))
        return ast.unparse(ast.fix_missing_locations(tree))


def mutants(package: Package, path: Path) -> Iterator[Mutant]:
    seen: Counter[str] = Counter()
    for number, (line, what) in enumerate(changes(ast.parse(path.read_text("utf-8")))):
        seen[what] += 1
        text = what if seen[what] == 1 else f"{what} #{seen[what]}"
        yield Mutant(package.name, path, number, line, text)


class Copy:
    """A copy of the repository, in which one mutant at a time is tried."""

    def __init__(self, folder: Path, *, is_matrix: bool) -> None:
        self.folder, self.is_matrix = folder, is_matrix
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self._written = itertools.count(int(time.time()) + 1)
        listed = ("git", "ls-files", "-co", "--exclude-standard", "-z")
        for name in subprocess.check_output(listed, cwd=ROOT).decode().split("\0")[:-1]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
        for name in (".venv", ".local"):
            (folder / name).symlink_to(ROOT / name)

    def start(self, mutant: Mutant, tests: list[str]) -> None:
        self.mutant, self.tests = mutant, tests
        self._write(mutant.text())
        self.rest = [] if self.is_matrix else tests[QUICK:]
        self._run(tests if self.is_matrix else tests[:QUICK])

    def _write(self, text: str) -> None:
        path = self.folder / self.mutant.path.relative_to(ROOT)
        path.write_text(text, "utf-8")
        # Python compiles again only what has another size or another second.
        os.utime(path, (0, next(self._written)))

    def _run(self, tests: list[str]) -> None:
        files = sorted({one.partition("::")[0] for one in tests})
        command = [sys.executable, "-m", "pytest", "-q" if self.is_matrix else "-xq"]
        command += ["-pno:cacheprovider", "-pno:cov", "-ptests.mutants.durations"]
        command += tests if len(tests) <= QUICK else files
        self.started = time.monotonic()
        self.noticed = self.folder / ".noticed"
        self.noticed.unlink(missing_ok=True)
        with (self.folder / ".output").open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=os.environ | {"DURATIONS": str(self.noticed)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def ended(self) -> list[str] | None:
        """Return what noticed the mutant, [] if nothing did, None while tests are running."""
        assert self.process is not None
        is_late = time.monotonic() - self.started > SECONDS * (1 + 4 * self.is_matrix)
        if self.process.poll() is None and not is_late:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        status = self.process.wait()
        if status == 0 and self.rest:
            tests, self.rest = self.rest, []
            self._run(tests)
            return None
        self._write(self.mutant.path.read_text("utf-8"))
        if status == 0:
            return []
        failed = json.loads(self.noticed.read_text("utf-8")) if self.noticed.exists() else []
        if is_late:
            return [*(failed if self.is_matrix else []), "no end"]
        return list(dict.fromkeys(failed)) or ["doesn't start"]


def chosen(arguments: argparse.Namespace) -> list[Mutant]:
    found: list[Mutant] = []
    for package in PACKAGES:
        files = package.files()
        if arguments.file:
            files = [one for one in files if one in map(Path.resolve, arguments.file)]
        if arguments.package and package.name != arguments.package:
            continue
        if arguments.matrix:
            for path in files:
                every = sorted(mutants(package, path), key=lambda one: one.rank)
                found += every[: int(arguments.matrix[0])]
            continue
        every = [one for path in files for one in mutants(package, path)]
        every.sort(key=lambda one: one.rank)
        found += every if arguments.file else every[: package.sample]
    return found


def tried(
    every: list[Mutant], reached: Reached, judged: list[str], folder: Path
) -> Iterator[tuple[Mutant, list[str]]]:
    """Yield each mutant with the tests that noticed it. One mutant for each core."""
    folders = {one.name: one.tests for one in PACKAGES}
    waiting = iter(every)
    copies = []
    for number in range(os.cpu_count() or 1):
        (folder / str(number)).mkdir()
        copies.append(Copy(folder / str(number), is_matrix=bool(judged)))
    idle = list(copies)
    while True:
        for copy in [*idle]:
            if mutant := next(waiting, None):
                idle.remove(copy)
                tests = reached.tests(mutant.path, mutant.line, folders[mutant.package])
                others = [one for one in tests if not one.startswith(tuple(judged))]
                copy.start(mutant, [*others, *judged])
        if len(idle) == len(copies):
            return
        time.sleep(0.05)
        for copy in copies:
            if copy not in idle and (noticed := copy.ended()) is not None:
                idle.append(copy)
                yield copy.mutant, noticed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--file", type=Path, action="append")
    parser.add_argument("--package")
    parser.add_argument("--matrix", nargs="+", default=[])
    arguments = parser.parse_args()
    matrix = arguments.matrix
    every = chosen(arguments)
    tried_packages = {one.package for one in every}
    reached = measured(
        {test for one in PACKAGES if one.name in tried_packages for test in one.tests}
    )
    equivalent = tomllib.loads(EQUIVALENT.read_text("utf-8"))
    written = MATRIX if matrix else RESULTS
    results = json.loads(written.read_text("utf-8")) if written.exists() else {}
    died: dict[str, int] = defaultdict(int)
    judged: dict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for mutant, noticed in tried(every, reached, matrix[1:], Path(folder)):
            results[mutant.name] = noticed if matrix else "".join(noticed[:1])
            written.write_text(json.dumps(results, indent=1), "utf-8")
            is_equivalent = not noticed and mutant.name in equivalent
            judged[mutant.package] += not is_equivalent
            died[mutant.package] += bool(noticed)
            if not noticed and not is_equivalent:
                where = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
                print(f"lives: {where} {mutant.what}", flush=True)
    for name, number in judged.items():
        print(f"{name}: {died[name]} of {number} noticed")
    total = sum(judged.values())
    print(f"all: {sum(died.values())} of {total} noticed")
    return int(sum(died.values()) < 0.95 * total)


if __name__ == "__main__":
    sys.exit(main())
