from typing import Any

from tests.simulator.app_under_test import json_of
from tests.simulator.token_client import TokenClient, answered, refused
from tests.support.tables import each


def test_whatever_comes_next_triggers_the_faults_until_they_are_used_up() -> None:
    client = TokenClient()
    code = client.code()
    client.control(faults="token-503:2,fhir-401:1")
    assert [client.exchange(code).status_code for _ in range(3)] == [503, 503, 200]
    token = client.tokens()["access_token"]
    assert [client.read(token).status_code for _ in range(2)] == [401, 200]


def test_an_unknown_code_meets_the_faults_of_all_as_well() -> None:
    client = TokenClient()
    client.control(faults="token-500:1")
    assert client.exchange("guess").status_code == 500
    assert refused(client.exchange("guess")) == (400, "invalid_grant")


def test_the_life_of_new_tokens_can_be_set_and_set_back() -> None:
    client = TokenClient()
    client.control(token_seconds=7)
    assert client.tokens()["expires_in"] == 7
    client.control(token_seconds=None)
    assert client.tokens()["expires_in"] == 3600


def test_all_access_tokens_can_expire_now() -> None:
    client = TokenClient()
    answer = client.tokens()
    client.control(expire_access_tokens=True)
    assert client.read(answer["access_token"]).status_code == 401
    again = answered(client.refresh(answer["refresh_token"]))
    assert client.read(again["access_token"]).status_code == 200


@each(
    "members",
    [
        {"faults": "nothing"},
        {"faults": None},
        {"faults": "oracle-code-required"},
        {"token_seconds": 0},
        {"token_seconds": 86_401},
        {"token_seconds": True},
        {"token_seconds": "5"},
        {"expire_access_tokens": False},
        {"end_sessions": "nobody"},
        {"end_sessions": 1},
        {"rotate_keys": 1},
        {"clock": 5},
    ],
)
def test_a_member_that_is_wrong_is_named_and_nothing_is_done(members: dict[str, Any]) -> None:
    client = TokenClient()
    right = {"expire_access_tokens": True} if "token_seconds" in members else {"token_seconds": 7}
    response = client.control(**right, **members)
    assert (response.status_code, list(json_of(response))) == (400, ["error"])
    assert client.tokens()["expires_in"] == 3600


@each("body", ["", "[]", "no json", '"faults"'])
def test_the_body_must_be_a_json_object(body: str) -> None:
    response = TokenClient().http.post("/generic/_control", data=body)
    assert response.status_code == 400
