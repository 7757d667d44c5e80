"""Three copies of the app at the EHRs of `make run`: for developers, for clinicians, and a fresh
one that has not read any EHR's keys yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.servers import free_port
from tests.support.three_ehrs import ThreeEhrs, serve_copy, serve_ehrs

FULL = 'error_details = "full"'
BRIEF = 'error_details = "brief"'


@dataclass(frozen=True)
class Copies:
    """The copies: `full` and `fresh` show details, `brief` does not."""

    full: ThreeEhrs
    brief: ThreeEhrs
    fresh: ThreeEhrs


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    folder: Path = tmp_path_factory.mktemp("three-ehrs")
    ports = [free_port() for _ in range(3)]
    with (
        serve_ehrs(folder, *(f"http://localhost:{port}" for port in ports)) as ehr_origin,
        serve_copy(folder, ehr_origin, ports[0], FULL) as full,
        serve_copy(folder, ehr_origin, ports[1], BRIEF) as brief,
        serve_copy(folder, ehr_origin, ports[2], FULL) as fresh,
    ):
        yield Copies(full, brief, fresh)


@pytest.fixture(scope="session")
def full(copies: Copies) -> ThreeEhrs:
    return copies.full


@pytest.fixture(scope="session")
def brief(copies: Copies) -> ThreeEhrs:
    return copies.brief
