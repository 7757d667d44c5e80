"""The discovery documents of a real EHR, Oracle Health's sandbox, as a launch and the doctor read
them (tests/support/ehr/oracle_documents.py names the source).
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from doctor.checks import scope_advice
from shared.config.settings import Ehr
from shared.config.settings_file import parse
from shared.errors import DiscoveryInvalid
from shared.oidc.jwk_set import key_set
from shared.smart import discovery
from shared.smart.discovery import SmartConfiguration
from tests.support.ehr import oracle_documents
from tests.support.ehr.id_tokens import PrivateKey, ec_key, public_jwk, rsa_key
from tests.support.tables import each

PROFILE = "protocols/oauth2/profiles/smart-v1"
SCOPES = "openid fhirUser online_access patient/Patient.rs patient/Condition.rs"
Make = Callable[[], dict[str, Any]]

personas = each(
    ("make", "base", "persona", "host"),
    [
        (
            oracle_documents.provider,
            oracle_documents.PROVIDER_BASE,
            "provider",
            "fhir-ehr-code.cerner.com",
        ),
        (
            oracle_documents.patient,
            oracle_documents.PATIENT_BASE,
            "patient",
            "fhir-myrecord.cerner.com",
        ),
    ],
    ids=["provider", "patient"],
)


def _ehr(base: str, *, vendor: str = "oracle", scopes: str = SCOPES, more: str = "") -> Ehr:
    settings, problems = parse(
        'public_url = "https://smart.example.org"\nsealing_keys = ["env:K"]\n'
        '[store]\nkind = "sqlite"\n'
        f'[[ehr]]\nkey = "oracle"\nvendor = "{vendor}"\niss = ["{base}"]\nclient_id = "c"\n'
        f'scopes = "{scopes}"\n{more}\n'
    )
    assert settings is not None, problems
    return settings.ehrs[0]


def _read(document: dict[str, Any], ehr: Ehr) -> SmartConfiguration:
    (base,) = ehr.iss
    return discovery.parse(json.dumps(document).encode(), base, discovery.allowed_hosts(ehr, base))


@personas
def test_the_endpoints_are_taken_as_they_are_stated(
    make: Make, base: str, persona: str, host: str
) -> None:
    stated = _read(make(), _ehr(base))
    at = f"https://authorization.cerner.com/tenants/{oracle_documents.TENANT}"
    assert stated.authorization_endpoint == f"{at}/{PROFILE}/personas/{persona}/authorize"
    assert stated.token_endpoint == f"{at}/hosts/{host}/{PROFILE}/token"
    assert stated.revocation_endpoint == f"{at}/{PROFILE}/token/revoke"
    assert (stated.issuer, stated.jwks_uri) == (at, "https://authorization.cerner.com/jwk")
    assert (stated.takes_post, stated.sends_iss) == (True, False)
    assert stated.auth_methods == ("client_secret_basic", "private_key_jwt")
    assert stated.assertion_algorithms == ("RS384", "ES384")


@personas
def test_what_the_documents_leave_out_stops_no_client_that_oracle_takes(
    make: Make, base: str, persona: str, host: str
) -> None:
    document = make()
    assert "none" not in document["token_endpoint_auth_methods_supported"]
    assert "refresh_token" not in document["grant_types_supported"]
    stated = _read(document, _ehr(base))
    methods = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
    assert [stated.takes(method) for method in methods] == [True] * 4
    assert ("launch/patient" in stated.scopes_supported) == (persona == "patient")
    assert not [scope for scope in stated.scopes_supported if "*" in scope]


@each("written", ["patient/Observation.read", "patient/Observation.rs"])
def test_the_doctor_finds_a_scope_in_either_version_listed(written: str) -> None:
    ehr = _ehr(oracle_documents.PROVIDER_BASE, scopes=written)
    stated = _read(oracle_documents.provider(), ehr)
    advice = scope_advice.compare(ehr, oracle_documents.PROVIDER_BASE, stated.scopes_supported)
    assert (advice.level if advice else None) == "ok"


def test_older_hosts_are_taken_where_they_are_configured() -> None:
    text = json.dumps(oracle_documents.provider()).replace("cerner.com", "sandboxcerner.com")
    base = oracle_documents.PROVIDER_BASE.replace("cerner.com", "sandboxcerner.com")
    document = json.loads(text)
    with pytest.raises(DiscoveryInvalid):
        _read(document, _ehr(base))
    older = _ehr(base, more='endpoint_hosts = ["authorization.sandboxcerner.com"]')
    assert "/authorization.sandboxcerner.com/" in _read(document, older).token_endpoint


@each("vendor", ["generic", "epic"])
def test_the_host_is_known_to_oracles_registrations_alone(vendor: str) -> None:
    with pytest.raises(DiscoveryInvalid):
        _read(oracle_documents.provider(), _ehr(oracle_documents.PROVIDER_BASE, vendor=vendor))


def test_a_production_tenant_is_bound_to_its_own_fhir_host() -> None:
    ehr = _ehr("https://fhir-ehr.cerner.com/r4/*")
    hosts = discovery.allowed_hosts(
        ehr, f"https://fhir-ehr.cerner.com/r4/{oracle_documents.TENANT}"
    )
    assert hosts == {"fhir-ehr.cerner.com", "authorization.cerner.com"}


def test_of_three_generations_of_keys_without_alg_and_use_each_is_found_by_its_id() -> None:
    kinds: dict[str, PrivateKey] = {
        "rsa": rsa_key(),
        "ec.es256": ec_key(),
        "ec.es384": ec_key(ec.SECP384R1()),
    }
    keys = [
        public_jwk(key, kid=f"{generation}.{kind}")
        for kind, key in kinds.items()
        for generation in oracle_documents.KEY_GENERATIONS
    ]
    assert not [key for key in keys if {"alg", "use"} & key.keys()]
    kept = key_set("https://authorization.cerner.com/jwk", list(keys))
    for generation in oracle_documents.KEY_GENERATIONS:
        for alg, kind in (
            ("RS256", "rsa"),
            ("RS384", "rsa"),
            ("ES256", "ec.es256"),
            ("ES384", "ec.es384"),
        ):
            chosen = kept.choose(alg, f"{generation}.{kind}")
            assert chosen is not None
            assert chosen.kid == f"{generation}.{kind}"
        assert kept.choose("RS256", f"{generation}.ec.es256") is None
    assert kept.choose("RS256", None) is None
