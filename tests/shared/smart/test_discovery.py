"""Discovery by itself: the cache against a clock, certificates, the document's members."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shared.config.settings import Ehr
from shared.errors import DiscoveryFailed, DiscoveryInvalid, Overloaded
from shared.footprint import footprint
from shared.outbound import waiting
from shared.smart import discovery
from shared.smart.discovery import Discovery, SmartConfiguration
from tests.support.app.small_settings import small_settings
from tests.support.app.stores import Clock
from tests.support.ehr.certificates import authority
from tests.support.ehr.raw_server import always, plain, raw_server
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, Tenant
from tests.support.tables import each

DOCUMENT = "/.well-known/smart-configuration"
BASE = "https://ehr.test/a/fhir"
HOSTS = frozenset({"ehr.test", "auth.test:8443"})
GOOD = {
    "authorization_endpoint": "https://ehr.test/authorize",
    "token_endpoint": "https://auth.test:8443/token",
}


@pytest.fixture
def ehr() -> Ehr:
    return small_settings("http://127.0.0.1/*").ehrs[0]


@pytest.fixture
def tenants(scripted: ScriptedEhr) -> Callable[[], Tenant]:
    return scripted.tenant


@pytest.fixture
def tenant(tenants: Callable[[], Tenant]) -> Tenant:
    return tenants()


def test_a_document_is_kept_for_ten_minutes(ehr: Ehr, clock: Clock, tenant: Tenant) -> None:
    documents = Discovery(clock)
    first = documents.find(ehr, tenant.base)
    tenant.discovery["token_endpoint"] = f"{tenant.base}/moved"
    clock.now += 599
    assert documents.find(ehr, tenant.base) is first
    clock.now += 2
    assert documents.find(ehr, tenant.base).token_endpoint == f"{tenant.base}/moved"
    assert len(tenant.received) == 2


def test_a_document_that_drips_is_given_up_after_five_seconds(
    ehr: Ehr, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert discovery.SECONDS == 5
    monkeypatch.setattr(discovery, "SECONDS", 0.2)
    drops = (b" " for _ in range(100) if not time.sleep(0.1))  # type: ignore[func-returns-value]
    tenant.on(DOCUMENT, Scripted(200, {}, drops))
    started = time.monotonic()
    with pytest.raises(DiscoveryFailed):
        Discovery().find(ehr, tenant.base)
    assert time.monotonic() - started < 9


@each(
    ("status", "error"),
    [
        *((status, DiscoveryFailed) for status in (429, 500, 502, 503)),
        *((status, DiscoveryInvalid) for status in (204, 302, 401, 404, 499)),
    ],
)
def test_an_ehr_that_fails_is_told_from_one_that_has_no_document(
    ehr: Ehr, tenants: Callable[[], Tenant], status: int, error: type[Exception]
) -> None:
    tenant = tenants()
    tenant.on(DOCUMENT, Scripted(status))
    with pytest.raises(error):
        Discovery().find(ehr, tenant.base)


def test_a_host_that_hangs_is_only_asked_for_a_document_that_is_not_kept(
    ehr: Ehr, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hanging(*_: object) -> None:
        raise Overloaded

    documents = Discovery()
    kept = documents.find(ehr, tenant.base)
    monkeypatch.setattr(waiting, "admit", hanging)
    assert documents.find(ehr, tenant.base) is kept
    with pytest.raises(Overloaded):
        Discovery().find(ehr, tenant.base)


@each(
    ("issuer", "usable"),
    [
        ("https://auth.test:8443", True),
        ("https://auth.test:8443/realm", True),
        ("https://ehr.test", False),
        ("http://auth.test:8443", False),
        ("https://[", False),
        (None, False),
    ],
)
def test_where_the_response_names_the_issuer_it_is_at_the_token_endpoints_host(
    ehr: Ehr, issuer: str | None, usable: bool
) -> None:
    configuration = _parse(GOOD | {"issuer": issuer})
    discovery.require_issuer(ehr, BASE, configuration)
    relying = replace(ehr, response_iss=True)
    if usable:
        discovery.require_issuer(relying, BASE, configuration)
    else:
        with pytest.raises(DiscoveryInvalid):
            discovery.require_issuer(relying, BASE, configuration)


def test_two_registrations_at_one_base_do_not_share_a_document(
    ehr: Ehr, clock: Clock, tenant: Tenant, scripted: ScriptedEhr
) -> None:
    documents = Discovery(clock)
    tenant.discovery["token_endpoint"] = "http://auth.test/token"
    wider = replace(ehr, key="wider", endpoint_hosts=frozenset({"auth.test"}))
    assert documents.find(wider, tenant.base).token_endpoint == "http://auth.test/token"
    with pytest.raises(DiscoveryInvalid):
        documents.find(ehr, tenant.base)


def test_a_certificate_of_the_configured_authority_is_trusted(ehr: Ehr, tmp_path: Path) -> None:
    own = authority(tmp_path)
    with raw_server(always(plain(b"{}")), own.server("localhost")) as server:
        trusting = replace(ehr, ca_file=str(own.ca_file))
        with pytest.raises(DiscoveryInvalid):  # the document came, and is empty
            Discovery().find(trusting, f"https://localhost:{server.port}/fhir")
        assert len(server.requests) == 1


def test_of_a_huge_document_64_kb_are_kept_and_first_what_the_registration_needs(
    ehr: Ehr, clock: Clock, tenant: Tenant
) -> None:
    needed = ["patient/Observation.rs", "patient/*.rs", "launch/patient", "launch"]
    needed.append("patient/Observation.cruds")
    tenant.discovery |= {
        "scopes_supported": [*(f"user/{n:012}.rs" for n in range(30_000)), *needed],
        "capabilities": [*(f"c{n}" for n in range(9000)), "client-confidential-symmetric"],
        "token_endpoint_auth_methods_supported": [*(f"m{n}" for n in range(9000)), "none"],
        "issuer": "i" * 2000,
        "registration_endpoint": "https://ehr.test/" + "é" * 1900,
    }
    asking = replace(ehr, scopes=("patient/Observation.rs",))
    configuration = Discovery(clock).find(asking, tenant.base)
    assert footprint(configuration) < 64_000
    assert {*needed, "user/000000000000.rs"} <= set(configuration.scopes_supported)
    assert "client-confidential-symmetric" in configuration.capabilities
    assert "none" in (configuration.auth_methods or ())
    assert configuration.takes("client_secret_basic")


@pytest.mark.parametrize("member", ["issuer", "registration_endpoint"])
def test_a_url_of_more_than_2000_characters_is_refused(member: str) -> None:
    with pytest.raises(DiscoveryInvalid, match="can't be used") as refused:
        _parse(GOOD | {member: "https://ehr.test/" + "x" * 2000})
    assert member in refused.value.why


def _parse(document: object, base: str = BASE) -> SmartConfiguration:
    return discovery.parse(json.dumps(document).encode(), base, HOSTS)


def test_the_members_that_matter_are_read() -> None:
    document = GOOD | {
        "revocation_endpoint": "/revoke",
        "issuer": "https://issuer.test",
        "jwks_uri": "/jwks",
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": ["openid", 1, "launch/patient"],
        "capabilities": ["launch-ehr", 7, "authorize-post"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", 7, "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", None, "ES384"],
    }
    assert _parse(document) == SmartConfiguration(
        authorization_endpoint="https://ehr.test/authorize",
        token_endpoint="https://auth.test:8443/token",
        revocation_endpoint="https://ehr.test/revoke",
        issuer="https://issuer.test",
        jwks_uri="https://ehr.test/jwks",
        sends_iss=True,
        takes_post=True,
        scopes_supported=("openid", "launch/patient"),
        auth_methods=("client_secret_basic", "private_key_jwt"),
        assertion_algorithms=("RS384", "ES384"),
        capabilities=("launch-ehr", "authorize-post"),
    )


def test_only_the_two_endpoints_are_required() -> None:
    assert _parse(GOOD) == SmartConfiguration(
        authorization_endpoint="https://ehr.test/authorize",
        token_endpoint="https://auth.test:8443/token",
        revocation_endpoint=None,
        issuer=None,
        jwks_uri=None,
        sends_iss=False,
        takes_post=False,
        scopes_supported=(),
        auth_methods=None,
        assertion_algorithms=None,
    )


@each(
    ("member", "values", "read"),
    [
        (
            "authorization_response_iss_parameter_supported",
            ["true", 1, "yes", None, [], False],
            False,
        ),
        ("issuer", [None, "", 1, ["https://issuer.test"], {}], None),
        ("scopes_supported", [None, "launch/patient", 1, {"launch/patient": 1}], ()),
        ("revocation_endpoint", [""], None),
        ("jwks_uri", [""], None),
    ],
)
def test_a_member_of_another_form_counts_as_absent(
    member: str, values: list[object], read: object
) -> None:
    name = "sends_iss" if member.startswith("authorization_response") else member
    for value in values:
        assert getattr(_parse(GOOD | {member: value}), name) == read, value


METHODS = "token_endpoint_auth_methods_supported"


@each("value", [None, [], "client_secret_post", 1, [1], {"none": 1}])
def test_where_no_method_of_authentication_is_listed_any_is_taken(value: object) -> None:
    configuration = _parse(GOOD | {METHODS: value})
    assert configuration.auth_methods is None
    for method in ("none", "client_secret_basic", "client_secret_post", "private_key_jwt"):
        assert configuration.takes(method)


@each(
    ("method", "taken"),
    [
        ("none", True),
        ("client_secret_basic", True),
        ("client_secret_post", False),
        ("private_key_jwt", False),
    ],
)
def test_a_listed_method_is_taken_and_a_public_client_always(method: str, taken: bool) -> None:
    configuration = _parse(GOOD | {METHODS: ["client_secret_basic", "private_key_jwt_2"]})
    assert configuration.takes(method) is taken


@each(
    "url",
    [
        "http://ehr.test/token",  # the base is https
        "HTTP://ehr.test/token",
        "http:/token",
        "https://ehr.test:8443/token",
        "https://auth.test/token",
        "https://x.ehr.test/token",
        "https://ehr.test.evil/token",
        "https://ehr.test@evil/token",
        "https://evil/token",
        "//evil/token",
        "https:///token",
        "https:token",
        "https://[::1/token",
        "https://[::1]/token",
        "https://169.254.169.254/token",
        "javascript:alert(1)",
        "https://user@ehr.test/token",
        "/token#f",
        "/to ken",
        "/to\\ken",
        "/to\nken",
        "/tokén",
        "https://EHR.teſt/token",
    ],
)
@each("member", [*GOOD, "revocation_endpoint", "jwks_uri"])
def test_an_endpoint_elsewhere_or_in_doubt_is_refused_by_name(url: str, member: str) -> None:
    with pytest.raises(DiscoveryInvalid) as caught:
        _parse(GOOD | {member: url})
    assert member in caught.value.why
    assert caught.value.evidence == {"base": BASE, "member": member}


def test_an_endpoint_too_long_for_any_address_is_refused_in_few_words() -> None:
    for url in ("https://" + "a" * 2000, "https://ehr.test/" + "a" * 2000):
        with pytest.raises(DiscoveryInvalid) as caught:
            _parse(GOOD | {"token_endpoint": url})
        assert len(caught.value.why) < 200


@each(
    ("url", "resolved"),
    [
        ("HTTPS://EHR.TEST/token", "HTTPS://EHR.TEST/token"),
        ("https://ehr.test:443/token", "https://ehr.test:443/token"),
        ("token", "https://ehr.test/a/token"),
        ("/token?tenant=1", "https://ehr.test/token?tenant=1"),
    ],
)
def test_an_endpoint_on_a_configured_host_is_taken(url: str, resolved: str) -> None:
    assert _parse(GOOD | {"token_endpoint": url}).token_endpoint == resolved


@each("body", [b"", b"[]", b"null", b"1", b'"x"', b"{", b"\xff", b"{}{}", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(DiscoveryInvalid, match="discovery_invalid") as caught:
        discovery.parse(body, BASE, HOSTS)
    assert caught.value.why == "The document isn't a JSON object."


def test_a_byte_order_mark_does_no_harm() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(GOOD).encode()
    assert discovery.parse(body, BASE, HOSTS).token_endpoint == GOOD["token_endpoint"]


def test_the_hosts_are_the_bases_own_and_those_configured(ehr: Ehr) -> None:
    wider = replace(ehr, endpoint_hosts=frozenset({"auth.test"}))
    assert discovery.allowed_hosts(wider, "https://ehr.test:8443/fhir") == {
        "auth.test",
        "ehr.test:8443",
    }


@each(
    ("capability", "covered"),
    [
        ("client-confidential-symmetric", {"client_secret_basic", "client_secret_post"}),
        ("client-confidential-asymmetric", {"private_key_jwt"}),
        ("client-public", set()),
    ],
)
def test_a_capability_covers_a_method_that_is_not_listed(
    capability: str, covered: set[str]
) -> None:
    """Inferno's reference server accepts Basic but lists only private_key_jwt."""
    listed = {METHODS: ["tls_client_auth"], "capabilities": ["launch-ehr", capability]}
    configuration = _parse(GOOD | listed)
    methods = ("client_secret_basic", "client_secret_post", "private_key_jwt")
    assert {method for method in methods if configuration.takes(method)} == covered
