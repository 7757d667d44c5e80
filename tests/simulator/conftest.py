import time

import pytest

from tests.simulator.app_under_test import WARD, App


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def ward() -> App:
    """The client that may see every patient."""
    return App(WARD)


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the EHR would have slept."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds
