"""A separate deployment for the callback's tests: two instances, a known key, an open store."""

import secrets
from collections.abc import Iterator

import pytest

from tests.support.app.app import App, ehr_tables
from tests.support.app.deployment import NO_EHR, Deployment
from tests.support.app.servers import free_port, serve_app
from tests.support.ehr.scripted_ehr import ScriptedEhr


@pytest.fixture(scope="session")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    port, bind = free_port(), free_port()
    store, key = folder / "smart.db", secrets.token_urlsafe(32)
    ehrs = ehr_tables(NO_EHR, scripted)
    with (
        serve_app(folder, ehrs, port=port, store=store, sealing_key=key) as first,
        serve_app(folder, ehrs, port=port, bind=bind, store=store, sealing_key=key) as second,
    ):
        yield Deployment(App(first.origin, first, NO_EHR, scripted), second, store, key)
