import pytest

from tests.simulator.app_under_test import WARD, App


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def ward() -> App:
    """The client that may see every patient."""
    return App(WARD)
