"""fhir_proxy in this process, and the functions with registrations that may write, in addition to
those in tests/conftest.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app.app import App, Launched
from tests.support.app.in_process import InProcess, here
from tests.support.app.proxy import about, launched
from tests.support.app.writes import keep, serve_writing
from tests.support.ehr.scripted_ehr import ScriptedEhr, Tenant

__all__ = ["here"]


@pytest.fixture(scope="session")
def writing(app_folder: Path, scripted: ScriptedEhr) -> Iterator[App]:
    """The functions with registrations that may write (tests/support/app/writes.py)."""
    with serve_writing(app_folder, scripted) as running:
        yield running


@pytest.fixture(scope="module")
def kept(here: InProcess) -> tuple[Launched, Tenant]:
    """A launch for patient p1 with every letter, at an EHR that has one Observation of p1."""
    launch, tenant = launched(here, "w", scope="patient/*.cruds")
    keep(tenant, about("Observation", "o1", "p1"))
    return launch, tenant


@pytest.fixture(scope="module")
def ward(here: InProcess) -> tuple[Launched, Tenant]:
    """The same with user/ scopes."""
    launch, tenant = launched(here, "v", scope="user/*.cruds")
    keep(tenant, about("Observation", "o1", "p1"))
    return launch, tenant
