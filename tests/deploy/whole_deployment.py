"""Every staged function, started on one store, behind one origin."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.stage import FUNCTIONS
from tests.support.cloud.staged import Copy, running


@dataclass(frozen=True)
class Deployment:
    """One copy of each function, or more. `folder` holds their logs."""

    ports: Mapping[str, list[int]]
    folder: Path


@dataclass(frozen=True)
class Staged:
    """The staged folders, each function's environment, and the configuration without the store."""

    folders: Path
    programs: Mapping[str, Path]
    origin: str
    ehrs: str

    @contextlib.contextmanager
    def deployed(
        self, folder: Path, store: str, variables: Mapping[str, str], copies: int = 1
    ) -> Iterator[Mapping[str, list[int]]]:
        """The ports of all, with the text of the table [store]; `folder` takes their logs."""
        config = folder / "smart.toml"
        config.write_text(
            f'public_url = "{self.origin}"\nsealing_keys = ["env:SEALING_KEY"]\n'
            f"[store]\n{store}\n{self.ehrs}\n"
        )
        given = {"SMART_CONFIG": str(config), **variables}
        key = {"SEALING_KEY": secrets.token_urlsafe(32)}
        started = [
            Copy(name, given | (key if name != "launch" else {}))
            for name in FUNCTIONS
            for _ in range(copies)
        ]
        with running(self.folders, self.programs, started, folder):
            yield {
                name: [one.port for one in started if one.function == name] for name in FUNCTIONS
            }
