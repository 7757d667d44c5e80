"""Three copies of the app at the EHRs of `make run`: for developers, for clinicians, and a fresh
one that has not read any EHR's configuration or keys yet. And the launches that all tests look at.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functions.explain.walking import Beginnings, Walked, Walks, discovery_entry, waits
from tests.support.servers import free_port
from tests.support.three_ehrs import ThreeEhrs, serve_copy, serve_ehrs

FULL = 'error_details = "full"'
BRIEF = 'error_details = "brief"'
# So many launches at once keep the two processes busy and leave them threads to spare.
_AT_ONCE = 12


@dataclass(frozen=True)
class Copies:
    """The copies: `full` and `fresh` show details, `brief` does not."""

    full: ThreeEhrs
    brief: ThreeEhrs
    fresh: ThreeEhrs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put last, among the tests here, those that look at long launches, or at all."""
    places = [at for at, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    ordered = sorted((items[at] for at in places), key=_comes_last)
    for at, item in zip(places, ordered, strict=True):
        items[at] = item


def _comes_last(item: pytest.Item) -> bool:
    waits_for_all = isinstance(item, pytest.Function) and "all_walked" in item.fixturenames
    return waits(item.name.rstrip("]")) or waits_for_all


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    folder: Path = tmp_path_factory.mktemp("three-ehrs")
    ports = [free_port() for _ in range(3)]
    with (
        serve_ehrs(folder, *(f"http://localhost:{port}" for port in ports)) as ehr_origin,
        serve_copy(folder, ehr_origin, ports[0], FULL) as full,
        serve_copy(folder, ehr_origin, ports[1], BRIEF) as brief,
        serve_copy(folder, ehr_origin, ports[2], f"{FULL}\n{discovery_entry(ehr_origin)}") as fresh,
    ):
        yield Copies(full, brief, fresh)


@pytest.fixture(scope="session")
def full(copies: Copies) -> ThreeEhrs:
    return copies.full


@pytest.fixture(scope="session")
def brief(copies: Copies) -> ThreeEhrs:
    return copies.brief


@pytest.fixture(scope="session")
def beginnings(copies: Copies) -> Iterator[Beginnings]:
    """The launch address under each fault of discovery."""
    with ThreadPoolExecutor(1) as one_after_another:
        yield Beginnings(copies.fresh, one_after_another)


@pytest.fixture(scope="session")
def walks(full: ThreeEhrs, beginnings: Beginnings) -> Iterator[Walks]:
    """All faults of single launches, walked at once; `beginnings` go on beside them."""
    assert beginnings
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield Walks(full, pool)


@pytest.fixture(scope="session")
def all_walked(walks: Walks) -> Sequence[Walked]:
    """All of them, when the last is over."""
    return walks.all()
