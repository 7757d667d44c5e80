"""Every fault of the menu spoils an answer, and the trace names it where it was triggered."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from markupsafe import escape
from werkzeug.test import TestResponse

from simulator.common.addresses import path_of
from simulator.ehr import VENDOR_PROFILES
from simulator.faults.named import FAULTS, Fault, Place
from simulator.trace import Step
from tests.simulator.app_under_test import ALMA, json_of, query_of
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

STEPS: Mapping[Place, Step] = {
    "discovery": "discovery",
    "jwks": "keys",
    "authorize": "authorize",
    "exchange": "token",
    "refresh": "refresh",
    "fhir": "fhir",
    "revoke": "revoke",
}
# What is another one each time: launch values, codes, tokens and the names of answers.
_OPAQUE = re.compile(
    r"[A-Za-z0-9+/]{43}=|[A-Za-z0-9%]{43,90}%3D|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)

_MOST_READ = 100_000


@dataclass(frozen=True)
class Trial:
    """One request of the kind that a fault spoils, at an EHR that can have the fault."""

    app: VendorApp
    waited: list[float]

    def outcome(self, place: Place, faults: str) -> object:
        """Return the outcome without the values that differ each time."""
        self.waited.clear()
        return *_TRIALS[place](self.app, faults), *self.waited

    def trace(self) -> list[dict[str, Any]]:
        return list(json_of(self.app.http.get("/_trace"))["requests"])


@pytest.fixture(scope="module")
def apps() -> Mapping[str, VendorApp]:
    return {one.key: VendorApp(profile=one) for one in VENDOR_PROFILES}


@pytest.fixture
def trials(apps: Mapping[str, VendorApp], waited: list[float]) -> Callable[[str], Trial]:

    def trial(ehr: str) -> Trial:
        apps[ehr].control(faults="")
        return Trial(apps[ehr], waited)

    return trial


def _at_discovery(app: VendorApp, faults: str) -> tuple[object, ...]:
    app.control(faults=faults)
    return _shown(app.http.get(f"{path_of(app.at.fhir_base)}/.well-known/smart-configuration"))


def _at_keys(app: VendorApp, faults: str) -> tuple[object, ...]:
    app.control(faults=faults)
    return _shown(app.http.get(path_of(app.at.jwks)))


def _at_authorization(app: VendorApp, faults: str) -> tuple[object, ...]:
    response = app.authorize(app.launch(fault=faults))
    location = response.headers.get("Location", "")
    if "code=" not in location:
        return _shown(response)
    granted = json_of(app.exchange(query_of(location)["code"]))
    return *_shown(response), granted.get("scope"), granted.get("patient")


def _at_exchange(app: VendorApp, faults: str) -> tuple[object, ...]:
    return _tokens(app, app.exchange(app.code(fault=faults)))


def _at_refresh(app: VendorApp, faults: str) -> tuple[object, ...]:
    return _tokens(app, app.refresh(app.tokens(fault=faults)["refresh_token"]))


def _at_fhir(app: VendorApp, faults: str) -> tuple[object, ...]:
    path = f"/Observation?patient={ALMA}&category=laboratory&_count=100"
    return _shown(app.get(app.tokens(fault=faults)["access_token"], path, "application/json"))


def _at_revocation(app: VendorApp, faults: str) -> tuple[object, ...]:
    return _shown(app.revoke(app.tokens(fault=faults)["refresh_token"]))


_TRIALS: Mapping[Place, Callable[[VendorApp, str], tuple[object, ...]]] = {
    "discovery": _at_discovery,
    "jwks": _at_keys,
    "authorize": _at_authorization,
    "exchange": _at_exchange,
    "refresh": _at_refresh,
    "fhir": _at_fhir,
    "revoke": _at_revocation,
}


def _shown(response: TestResponse) -> tuple[object, ...]:
    """The beginning of an answer without what is another one each time."""
    location = _OPAQUE.sub("*", response.headers.get("Location", ""))
    text = _OPAQUE.sub("*", response.text[:_MOST_READ])
    return response.status_code, response.mimetype, location, text


def _tokens(app: VendorApp, response: TestResponse) -> tuple[object, ...]:
    """Check a token response: read the id_token and use the access token."""
    if len(response.data) > _MOST_READ:
        return response.status_code, len(response.data)
    body = response.get_json(force=True, silent=True)
    if not isinstance(body, dict) or "error" in body:
        return _shown(response)
    read = identity = None
    if isinstance(body.get("access_token"), str) and body["access_token"].isprintable():
        read = app.read(body["access_token"]).status_code
    if isinstance(body.get("id_token"), str):
        identity = _identity(app, body.pop("id_token"), str(body.get("access_token")))
    return response.status_code, _OPAQUE.sub("*", json.dumps(body)), read, identity


def _identity(app: VendorApp, id_token: str, access_token: str) -> tuple[object, ...]:
    """Header and claims, whether a published key signed, and whether at_hash is the token's."""
    header = jwt.get_unverified_header(id_token)
    claims = jwt.decode(id_token, options={"verify_signature": False})
    own_hash = claims.pop("at_hash", None)
    algorithm = jwt.get_algorithm_by_name("RS256" if header["alg"] == "none" else header["alg"])
    digest = algorithm.compute_hash_digest(access_token.encode())
    half = jwt.utils.base64url_encode(digest[: len(digest) // 2]).decode()
    return header, claims, _is_signed(app, id_token, header["alg"]), own_hash == half


def _is_signed(app: VendorApp, id_token: str, algorithm: str) -> bool:
    """Whether a published key for the algorithm signed it, whichever `kid` it names."""
    keys = json_of(app.http.get(path_of(app.at.jwks)))["keys"]
    for key in (one for one in keys if one["alg"] == algorithm):
        try:
            jwt.decode(
                id_token,
                jwt.PyJWK(key).key,
                algorithms=[algorithm],
                options={"verify_exp": False, "verify_iat": False, "verify_aud": False},
            )
        except jwt.InvalidSignatureError:
            continue
        return True
    return False


# Those of a CDS client are in tests/simulator/cds/test_every_cds_fault.py.
HERE = {name: one for name, one in FAULTS.items() if one.place != "cds"}


@each("fault", HERE.values(), ids=HERE)
def test_a_fault_spoils_an_answer_and_the_trace_names_it(
    fault: Fault, trials: Callable[[str], Trial]
) -> None:
    trial = trials(fault.ehrs[0])
    right = trial.outcome(fault.place, "")
    trial.app.http.delete("/_recorded")
    assert trial.outcome(fault.place, fault.name) != right
    triggered = [one for one in trial.trace() if one["faults"]]
    assert {one["step"] for one in triggered} == {STEPS[fault.place]}
    assert [one["faults"] for one in triggered] == [[{"name": fault.name, "title": fault.title}]]
    page = trial.app.http.get("/trace").text
    named = f"<code>{fault.name}</code> {escape(fault.title)}"
    assert f"Injected fault: {named}</span>" in page
    if fault.place not in ("discovery", "jwks"):
        assert triggered[0]["launch"] is not None
        assert f"Injected fault: {named}. It was triggered." in page


# Without this the test above would pass for any two answers.
@each("place", STEPS)
def test_what_no_fault_spoils_is_the_same_each_time(
    place: Place, trials: Callable[[str], Trial]
) -> None:
    trial = trials("generic")
    trial.app.http.delete("/_recorded")
    assert trial.outcome(place, "") == trial.outcome(place, "")
    assert [one["faults"] for one in trial.trace() if one["faults"]] == []
