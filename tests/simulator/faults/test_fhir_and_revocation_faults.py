from simulator.endpoints import token_faults
from simulator.faults.oracle_errors import ACCESS_ERRORS
from simulator.vendors.oracle import ORACLE
from tests.simulator.app_under_test import json_of
from tests.simulator.token_client import TokenClient
from tests.support.tables import each


@each(("tail", "status"), [(k, v[0]) for k, v in ACCESS_ERRORS.items()])
def test_oracle_healths_gateway_may_refuse_with_an_error_of_its_own(tail: str, status: int) -> None:
    client = TokenClient(profile=ORACLE)
    response = client.read(client.tokens(fault=f"fhir-{tail}:1")["access_token"])
    urn = f"urn:cerner:error:oauth2:resource-access:{tail}"
    assert (response.status_code, response.mimetype) == (status, "application/json")
    assert json_of(response) == {"code": status, "message": f'code="{urn}"'}


def test_a_fhir_request_may_hang(waited: list[float]) -> None:
    client = TokenClient()
    assert client.read(client.tokens(fault="fhir-hang")["access_token"]).status_code == 504
    assert waited == [token_faults.HANG_SECONDS]


@each(("fault", "status"), [("revoke-400", 400), ("revoke-503", 503)])
def test_a_revocation_may_fail_and_then_nothing_is_revoked(fault: str, status: int) -> None:
    client = TokenClient()
    answer = client.tokens(fault=fault)
    assert client.revoke(answer["refresh_token"]).status_code == status
    assert client.read(answer["access_token"]).status_code == 200


def test_a_revocation_may_hang(waited: list[float]) -> None:
    client = TokenClient()
    assert client.revoke(client.tokens(fault="revoke-hang")["refresh_token"]).status_code == 502
    assert waited == [token_faults.HANG_SECONDS]
