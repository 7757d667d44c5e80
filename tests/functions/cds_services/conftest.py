"""The functions with two EHRs that call cds_services: one with keys at a jku, one with a file."""

from collections.abc import Iterator

import pytest

from clinical.calculators.registry import CARDS
from tests.support.ehr.cds import Cds, CdsEhr, serve_cds, without_results
from tests.support.ehr.scripted_ehr import ScriptedEhr


@pytest.fixture(scope="session")
def cds(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[Cds]:
    folder, unhurried = (
        tmp_path_factory.mktemp("cds"),
        "tests.support.app.unhurried_cds:application",
    )
    # Every card that there is; `in_time` has the default.
    with serve_cds(folder, scripted, unhurried, f"cards = {[*CARDS]}") as running:
        yield running


@pytest.fixture(scope="session")
def in_time(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[Cds]:
    """With the times in which it answers as deployed."""
    folder = tmp_path_factory.mktemp("in-time")
    with serve_cds(folder, scripted, "gateway.app:application") as running:
        yield running


@pytest.fixture
def ehr(cds: Cds) -> Iterator[CdsEhr]:
    """The second EHR, whose FHIR server answers each search with nothing until a test says more."""
    with without_results(cds.other) as one:
        yield one
