"""Copies of the app at the EHRs of `make run`, and the launches that tests look at."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functions.explain.walking import Beginnings, Walks, discovery_entry
from tests.support.app.servers import free_port
from tests.support.ehr.three_ehrs import ThreeEhrs, serve_copy, serve_ehrs

FULL = 'error_details = "full"'
BRIEF = 'error_details = "brief"'
# So many launches at once keep the two processes busy and leave them threads to spare.
_AT_ONCE = 12


@dataclass(frozen=True)
class Place:
    """Where the copies run: a folder, a port for each, and the EHRs that know them all."""

    folder: Path
    ports: tuple[int, int, int]
    ehr_origin: str


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("three-ehrs")
    ports = (free_port(), free_port(), free_port())
    with serve_ehrs(folder, *(f"http://localhost:{port}" for port in ports)) as ehr_origin:
        yield Place(folder, ports, ehr_origin)


@pytest.fixture(scope="session")
def full(place: Place) -> Iterator[ThreeEhrs]:
    """The copy for developers."""
    with serve_copy(place.folder, place.ehr_origin, place.ports[0], FULL) as app:
        yield app


@pytest.fixture(scope="session")
def brief(place: Place) -> Iterator[ThreeEhrs]:
    """The copy for clinicians: it shows no details."""
    with serve_copy(place.folder, place.ehr_origin, place.ports[1], BRIEF) as app:
        yield app


@pytest.fixture(scope="session")
def fresh(place: Place) -> Iterator[ThreeEhrs]:
    """A copy for developers that has not read any EHR's configuration or keys yet."""
    top = f"{FULL}\n{discovery_entry(place.ehr_origin)}"
    with serve_copy(place.folder, place.ehr_origin, place.ports[2], top) as app:
        yield app


@pytest.fixture(params=["full", "brief"])
def either(request: pytest.FixtureRequest) -> ThreeEhrs:
    """The copy for developers, then the one for clinicians."""
    app: ThreeEhrs = request.getfixturevalue(request.param)
    return app


@pytest.fixture(scope="session")
def beginnings(fresh: ThreeEhrs) -> Iterator[Beginnings]:
    """Open the launch URL with each discovery fault."""
    with ThreadPoolExecutor(1) as one_after_another:
        yield Beginnings(fresh, one_after_another)


@pytest.fixture(scope="session")
def walks(full: ThreeEhrs, beginnings: Beginnings) -> Iterator[Walks]:
    """Walk all faults of single launches in parallel, while `beginnings` continues."""
    assert beginnings
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield Walks(full, pool)
