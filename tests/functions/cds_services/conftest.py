"""The functions with two EHRs that call cds_services: one with keys at a jku, one with a file."""

import json
from collections.abc import Iterator

import pytest

from tests.support.cds import Cds, CdsEhr, bundle, client_table, members, patient, registration
from tests.support.scripted_ehr import ScriptedEhr, as_fhir
from tests.support.servers import free_port, serve_app


@pytest.fixture(scope="module")
def cds(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    scripted: ScriptedEhr,
) -> Iterator[Cds]:
    target = getattr(request.module, "TARGET", "tests.support.unhurried_cds:application")
    folder = tmp_path_factory.mktemp("cds")
    port = free_port()
    origin = f"http://localhost:{port}"
    tenants = [scripted.tenant("cds") for _ in range(5)]
    main = CdsEhr.at(origin, tenants[0], tenants[0].base)
    other = CdsEhr.at(origin, tenants[1], tenants[1].base)
    filed = CdsEhr.at(origin, tenants[2], "https://filed.example.org/fhir")
    issuer = "https://cds.example.org"
    north = CdsEhr.at(origin, tenants[3], issuer, tenant="north")
    south = CdsEhr.at(origin, tenants[4], issuer, tenant="south")
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": members()}))
    ehrs = {"main": main, "other": other, "filed": filed, "north": north, "south": south}
    tables = "".join(registration(key, one.tenant.base) for key, one in ehrs.items())
    tables += client_table("main", "main", main, 'cors_origins = ["https://sandbox.example.org"]')
    tables += client_table("other", "other", other)
    tables += client_table("filed", "filed", filed, f'keys = "file:{keys}"')
    tables += client_table("north", "north", north, 'tenant = "north"')
    tables += client_table("south", "south", south, 'tenant = "south"')
    store = folder / "cds.db"
    # Brief, as deployed: nothing about a token that is refused leaves the function.
    brief = 'error_details = "brief"'
    with serve_app(folder, tables, port=port, store=store, top=brief, target=target) as server:
        yield Cds(server, store, main, other, filed, north, south)


@pytest.fixture
def ehr(cds: Cds) -> Iterator[CdsEhr]:
    """The second EHR, whose FHIR server answers each search with nothing until a test says more."""
    one = cds.other
    one.tenant.received.clear()
    one.tenant.resources.clear()
    kept = dict(one.tenant.handlers)
    for kind in ("Observation", "Condition", "MedicationRequest"):
        one.tenant.on(f"/{kind}", as_fhir(bundle()))
    one.tenant.resources["Patient/p1"] = patient()
    yield one
    one.tenant.handlers = kept
