import threading
import time

import pytest

from simulator.ehr import VENDOR_PROFILES
from tests.simulator.app_under_test import WARD, App


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def beside_others() -> App:
    """At one of all EHRs."""
    return App(profiles=VENDOR_PROFILES)


@pytest.fixture
def ward() -> App:
    """The client that may see every patient."""
    return App(WARD)


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the EHR would have slept, in this thread; others sleep as ever."""
    seconds: list[float] = []
    mine, sleep = threading.get_ident(), time.sleep

    def wait(longer: float) -> None:
        (seconds.append if threading.get_ident() == mine else sleep)(longer)

    monkeypatch.setattr(time, "sleep", wait)
    return seconds
