"""Which tests reach a line, by the coverage of a run of the tests at its own level."""

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from tests.support.app.servers import ROOT

_DATA = ROOT / ".local/mutants/coverage"
_SECONDS = ROOT / ".local/mutants/seconds.json"


@dataclass(frozen=True)
class Reached:
    """Tests by line of each file, and how many seconds each took."""

    lines: CoverageData
    seconds: dict[str, float]

    def tests(self, path: Path, line: int, folders: tuple[str, ...]) -> list[str]:
        """Return the tests to run, the quickest first. If a line runs when its module is
        imported, those that reach the module come first, then all others of the folders: a test
        may read a table without a call into its module.
        """
        by_line = self.lines.contexts_by_lineno(str(path))
        every = {one for one in self.seconds if one.startswith(folders)}
        statement = _statement(path, line)
        for lines in (statement, range(1, 100_000)):
            found = {test.partition("|")[0] for at in lines for test in by_line.get(at, ())}
            if found := found & every:
                break
        others = set() if statement and found else every - found
        return [
            *sorted(found, key=lambda one: self.seconds[one]),
            *sorted(others, key=lambda one: self.seconds[one]),
        ]


def _statement(path: Path, line: int) -> range:
    """Return the lines of the innermost statement in a function; none outside of functions."""
    found = range(0)
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for one in ast.walk(function):
            if not isinstance(one, ast.stmt) or one is function:
                continue
            lines = range(one.lineno, (one.end_lineno or one.lineno) + 1)
            if line in lines and (not found or len(lines) < len(found)):
                found = lines
    return found


def measured(folders: set[str]) -> Reached:
    """Run these tests once, with coverage for each. Raises SystemExit if one fails."""
    _DATA.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n2", "--dist=loadfile", *sorted(folders)]
    options = ["--cov=shared", "--cov=clinical", "--cov-context=test", "--cov-report="]
    options += ["-ptests.mutants.durations"]
    environment = os.environ | {"COVERAGE_FILE": str(_DATA), "DURATIONS": str(_SECONDS)}
    done = subprocess.run(
        [*command, *options], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout.decode()[-4000:])
    data = CoverageData(str(_DATA))
    data.read()
    seconds: dict[str, float] = defaultdict(float)
    seconds.update(json.loads(_SECONDS.read_text("utf-8")))
    return Reached(data, seconds)
