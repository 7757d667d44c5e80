"""The doctor as a user runs it, and a configuration for it."""

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doctor.__main__ import main
from tests.support.app.servers import ROOT
from tests.support.app.whole import IS_WHOLE
from tests.support.ehr.scripted_ehr import Scripted

GOOD_SCOPES = "patient/Patient.rs patient/Observation.rs"


@dataclass(frozen=True)
class Outcome:
    """The exit code and the findings of one run with --json."""

    code: int
    findings: list[dict[str, Any]]

    def of(self, id_: str) -> list[dict[str, Any]]:
        return [one for one in self.findings if one["id"] == id_]

    def only(self, id_: str) -> dict[str, Any]:
        (finding,) = self.of(id_)
        return finding

    def level(self, id_: str) -> str:
        return str(self.only(id_)["level"])

    def with_level(self, level: str) -> set[str]:
        return {one["id"] for one in self.findings if one["level"] == level}


@dataclass(frozen=True)
class Doctor:
    """A folder with smart.toml, and the doctor on it."""

    folder: Path
    public_url: str

    @property
    def file(self) -> Path:
        return self.folder / "smart.toml"

    def write(
        self,
        *ehrs: str,
        public_url: str | None = None,
        keys: str = '["env:SEALING_KEY"]',
        top: str = "",
        store: str | None = None,
    ) -> None:
        if not (IS_WHOLE or "after_launch" in top):
            top = f'after_launch = "/app/?session={{session}}"\n{top}'
        sqlite = f'kind = "sqlite"\npath = "{self.folder}/smart.db"'
        self.file.write_text(
            f'public_url = "{public_url or self.public_url}"\nsealing_keys = {keys}\n{top}\n'
            f"[store]\n{store or sqlite}\n" + "\n".join(ehrs),
            encoding="utf-8",
        )

    def check(self, *flags: str) -> Outcome:
        """In this process: most of a process's time is its start."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = main(["check", "--config", str(self.file), "--json", *flags])
        return Outcome(code, json.loads(out.getvalue()))

    def offline(self, *ehrs: str, **settings: str) -> Outcome:
        self.write(*ehrs, **settings)
        return self.check("--offline")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "doctor", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def ehr(iss: str = "https://ehr.test/fhir", scopes: str = GOOD_SCOPES, **settings: str) -> str:
    """Return an [[ehr]] table. `settings` are additional lines, with values as in TOML. A table
    with a key other than `one` has its own redirect path.
    """
    lines = {"key": '"one"', "client_id": '"client"', **settings}
    if "key" in settings:
        lines.setdefault("redirect_path", settings["key"].replace('"', '"/callback/', 1))
    more = "\n".join(f"{name} = {value}" for name, value in lines.items())
    return f'[[ehr]]\niss = ["{iss}"]\nscopes = "{scopes}"\n{more}\n'


Public = Callable[[Mapping[str, Scripted]], str]
