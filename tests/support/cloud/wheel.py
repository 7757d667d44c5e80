"""Our package as users have it: built from what is here, and installed without a clone.

Other packages come from this environment, so that nothing is fetched.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import dist
from tests.support.app.servers import ROOT
from tests.support.cloud import guide

_TIME = "1700000000"


def build(folder: Path) -> Path:
    """Build the wheel of this repository, including uncommitted changes."""
    guide.copy_of_repository(ROOT, folder / "tree", left_out=("tests/", "benchmarks/"))
    return dist.archives(folder / "tree", folder / "dist", _TIME)[1]


@dataclass(frozen=True)
class Installed:
    """An environment that holds our package, and the folder in which its commands are run."""

    programs: Path
    folder: Path

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, in a shell with none of this one's variables."""
        return subprocess.run(
            [self.programs / command[0], *command[1:]],
            cwd=self.folder,
            env={**clean(self.programs), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def within(self, name: str) -> "Installed":
        return Installed(self.programs, self.folder / name)


def clean(programs: Path) -> Mapping[str, str]:
    """Return the variables of a shell with an active environment."""
    path = os.pathsep.join([str(programs), "/usr/local/bin", "/usr/bin", "/bin"])
    kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {"PATH": path, "HOME": "/nonexistent", **kept}


def install(wheel: Path, folder: Path) -> Installed:
    """Create an environment with a wheel in a folder."""
    place = folder / "environment"
    venv.create(place, symlinks=True)
    (site,) = place.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))
    options = ["--quiet", "--no-deps", "--no-index", "--python", str(place / "bin/python")]
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", *options, wheel], check=True)
    return Installed(place / "bin", folder)
