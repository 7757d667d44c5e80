"""Whose id_tokens are believed: the keys, the issuers, and the user that they name."""

from dataclasses import replace
from typing import Any

import pytest

from shared.errors import KeysUnreadable
from shared.oidc.id_token import Identity
from tests.support.ehr.id_tokens import PrivateKey, public_jwk
from tests.support.ehr.issuer import (
    ABSENT,
    NOW,
    RSA,
    RSA2,
    SUB,
    WEAK,
    Forgery,
    Issuer,
    refused,
    unsigned,
)
from tests.support.ehr.scripted_ehr import HANG_UP, Scripted, as_json
from tests.support.tables import each

# Keys


def test_without_a_kid_the_only_key_of_the_algorithm_verifies(issuer: Issuer) -> None:
    raw = issuer.token(header={"kid": ABSENT})
    issuer.verify(raw)  # next to an EC key
    issuer.publish(public_jwk(RSA))
    issuer.clock.now += 3601
    issuer.verify(raw)
    assert issuer.fetched == ["/jwks"] * 2


def test_without_a_kid_two_suitable_keys_are_one_too_many(issuer: Issuer) -> None:
    issuer.publish(public_jwk(RSA, kid="rsa"), public_jwk(RSA2, kid="rsa2"))
    refused(issuer, issuer.token(header={"kid": ABSENT}), "are possible")


@pytest.mark.parametrize("kid", ["new", ABSENT], ids=["a new kid", "no kid"])
def test_a_rotated_key_is_found_by_one_more_look(issuer: Issuer, kid: object) -> None:
    issuer.verify(issuer.token())
    issuer.publish(public_jwk(RSA2, kid="new"))
    rotated = issuer.token(RSA2, header={"kid": kid})
    for _ in range(3):
        issuer.verify(rotated)
    assert issuer.fetched == ["/jwks"] * 2
    # The old key went with the old set.
    refused(issuer, issuer.token(), "usable keys has")


def test_a_new_key_under_the_old_id_is_found_by_one_more_look(issuer: Issuer) -> None:
    issuer.verify(issuer.token())
    issuer.publish(public_jwk(RSA2, kid="rsa"))
    for _ in range(3):
        issuer.verify(issuer.token(RSA2))
    for _ in range(100):
        refused(issuer, issuer.token(), "signature")
    assert issuer.fetched == ["/jwks"] * 2


def test_keys_that_change_twice_within_half_a_minute_ask_for_a_moment(issuer: Issuer) -> None:
    issuer.verify(issuer.token())
    issuer.publish(public_jwk(RSA2, kid="rsa"))
    issuer.verify(issuer.token(RSA2))
    issuer.publish(public_jwk(RSA, kid="rsa"))
    error = refused(issuer, issuer.token(), "signature")
    assert "again in half a minute" in error.steps[0]
    assert "No setting" not in " ".join(error.steps)
    issuer.clock.now += 31
    issuer.verify(issuer.token())
    # That was read just now: a signature that does not fit is the EHR's affair.
    forged = issuer.token(RSA2)
    issuer.clock.now += 31
    assert "No setting" in refused(issuer, forged, "signature").steps[0]


def test_a_hundred_unknown_kids_cause_one_more_look(issuer: Issuer) -> None:
    for number in range(100):
        refused(issuer, issuer.token(header={"kid": f"k{number}"}), "usable keys has")
    assert issuer.fetched == ["/jwks"] * 2
    issuer.clock.now += 31
    refused(issuer, issuer.token(header={"kid": "other"}), "usable keys has")
    assert issuer.fetched == ["/jwks"] * 3
    issuer.verify(issuer.token())


@pytest.mark.parametrize(
    ("key", "members", "why"),
    [
        (WEAK, [public_jwk(WEAK, kid="rsa")], "usable keys has"),
        (RSA, [public_jwk(RSA, kid="rsa", use="enc")], "usable keys has"),
        (RSA, [public_jwk(RSA, kid="rsa", alg="RS384")], "isn't for the token's algorithm"),
        (RSA, [public_jwk(RSA, kid="rsa"), public_jwk(RSA2, kid="rsa")], "several keys"),
        (RSA, [public_jwk(RSA, kid="rsa"), public_jwk(RSA, kid="rsa")], "several keys"),
        (RSA, [public_jwk(RSA)], "usable keys has"),
        (RSA, [], "usable keys has"),
    ],
    ids=[
        "RSA of 1024 bits", "a key for encryption", "a key for another algorithm",
        "two keys under one kid", "one key twice under its kid", "a key without a kid", "no keys",
    ],
)  # fmt: skip
def test_a_key_that_must_not_verify_does_not(
    issuer: Issuer, key: PrivateKey, members: list[object], why: str
) -> None:
    issuer.publish(*members)
    refused(issuer, issuer.token(key), why)


@pytest.mark.parametrize(
    "answer",
    [Scripted(503), Scripted(302, {"Location": "URL"}), Scripted(200, {}, b"<html>")],
    ids=["a failure", "a redirect to a stranger", "a page"],
)
def test_keys_that_cannot_be_read_refuse_the_token(issuer: Issuer, answer: Scripted) -> None:
    headers = dict.fromkeys(answer.headers, f"{issuer.stranger.base}/jwks")
    issuer.tenant.on("/jwks", replace(answer, headers=headers))
    error = refused(issuer, issuer.token(RSA2), "couldn't be read")
    assert {"document", "host", "reason"} == error.evidence.keys()


def test_keys_on_a_strangers_host_refuse_the_token(issuer: Issuer) -> None:
    url = f"{issuer.stranger.base}/jwks"
    refused(issuer, issuer.token(RSA2), "isn't configured", jwks_uri=url)


# Issuers


def test_a_tokens_own_issuer_is_never_asked(issuer: Issuer) -> None:
    raw = issuer.token(RSA2, iss=issuer.stranger.base)
    error = refused(issuer, raw, "isn't this EHR's issuer", jwks_uri=None)
    assert error.evidence == {"expected_issuer": issuer.tenant.base}
    assert error.shown == {"iss": issuer.stranger.base}
    assert "id_token_issuer" in error.steps[0]
    assert issuer.fetched == []
    # One that is no URL stays out of the log.
    assert refused(issuer, issuer.token(), "isn't this EHR's issuer", issuer="a\nb").evidence == {}


def test_an_issuer_elsewhere_than_the_fhir_base_is_accepted_with_known_keys(issuer: Issuer) -> None:
    idp = "https://idp.test/tenant"
    verified = issuer.verify(issuer.token(iss=idp), issuer=idp)
    assert verified.identity.issuer == idp
    refused(issuer, issuer.token(), "isn't this EHR's issuer", issuer=idp)


def test_the_configured_issuer_wins_over_the_discovered_one(issuer: Issuer) -> None:
    ehr = replace(issuer.ehr, id_token_issuer="https://idp.test/", vendor="oracle")
    assert issuer.verify(issuer.token(iss="https://idp.test/"), ehr=ehr, issuer=None)
    refused(issuer, issuer.token(iss="https://idp.test"), "isn't this EHR's issuer", ehr=ehr)
    refused(issuer, issuer.token(), "isn't this EHR's issuer", ehr=ehr)


def test_without_any_known_issuer_no_token_is_accepted(issuer: Issuer) -> None:
    for vendor in ("generic", "oracle"):
        ehr = replace(issuer.ehr, vendor=vendor)
        error = refused(issuer, issuer.token(), "name an issuer", ehr=ehr, issuer=None)
        assert "id_token_issuer" in error.steps[0]
    assert issuer.fetched == []


ORACLE = "https://authorization.cerner.com/tenants/t1"


@each("end", ["", "/oidc/idsps/idp-1/", "/oidc/idsps/idp-1"])
def test_oracles_identity_providers_of_the_tenant_are_accepted(issuer: Issuer, end: str) -> None:
    ehr = replace(issuer.ehr, vendor="oracle")
    verified = issuer.verify(issuer.token(iss=ORACLE + end), ehr=ehr, issuer=ORACLE)
    assert verified.identity.issuer == ORACLE + end


@each(
    "iss",
    [
        *(ORACLE + "/", ORACLE + "2/oidc/idsps/idp-1/"),
        *(ORACLE.replace("t1", "t2") + "/oidc/idsps/idp-1/", ORACLE + "/oidc/idsps/a/b/"),
        *(ORACLE + "/oidc/idsps//", ORACLE + "/oidc/idsps/idp-1/\n"),
        *(ORACLE.replace(".", "x", 1) + "/oidc/idsps/idp-1/", "https://authorization.cerner.com/"),
        "https://evil.test/" + ORACLE,
    ],
)
def test_oracles_other_tenants_and_issuers_are_not(issuer: Issuer, iss: str) -> None:
    ehr = replace(issuer.ehr, vendor="oracle")
    refused(issuer, issuer.token(iss=iss), "isn't this EHR's issuer", ehr=ehr, issuer=ORACLE)
    # Nor is the pattern anything to another vendor's registration.
    refused(
        issuer,
        issuer.token(iss=ORACLE + "/oidc/idsps/i/"),
        "isn't this EHR's issuer",
        issuer=ORACLE,
    )


def test_a_configured_issuer_is_no_pattern(issuer: Issuer) -> None:
    ehr = replace(issuer.ehr, vendor="oracle", id_token_issuer=ORACLE)
    raw = issuer.token(iss=f"{ORACLE}/oidc/idsps/idp-1/")
    refused(issuer, raw, "isn't this EHR's issuer", ehr=ehr, issuer=ORACLE)


def test_without_a_jwks_uri_the_pinned_issuers_document_leads_to_the_keys(issuer: Issuer) -> None:
    base = issuer.tenant.base
    document = {"issuer": base, "jwks_uri": f"{base}/jwks"}
    issuer.tenant.on("/.well-known/openid-configuration", as_json(document))
    issuer.verify(issuer.token(), jwks_uri=None)
    issuer.verify(issuer.token(), jwks_uri=None)
    assert issuer.fetched == ["/.well-known/openid-configuration", "/jwks"]


def test_the_document_is_that_of_the_configured_issuer_first(issuer: Issuer) -> None:
    idp = f"{issuer.tenant.base}/idp/"
    ehr = replace(issuer.ehr, id_token_issuer=idp)
    document = {"issuer": idp, "jwks_uri": f"{issuer.tenant.base}/jwks"}
    issuer.tenant.on("/idp/.well-known/openid-configuration", as_json(document))
    issuer.verify(issuer.token(iss=idp), ehr=ehr, jwks_uri=None)
    assert issuer.fetched == ["/idp/.well-known/openid-configuration", "/jwks"]


def test_a_document_of_another_issuer_leads_nowhere(issuer: Issuer) -> None:
    document = {"issuer": f"{issuer.tenant.base}/", "jwks_uri": f"{issuer.tenant.base}/jwks"}
    issuer.tenant.on("/.well-known/openid-configuration", as_json(document))
    error = refused(issuer, issuer.token(), "states a different issuer", jwks_uri=None)
    assert error.shown == {"issuer": f"{issuer.tenant.base}/"}
    assert "/jwks" not in issuer.fetched


# The user


@each(
    ("claims", "expected"),
    [
        ({"fhirUser": "BASE/Practitioner/p1"}, "Practitioner/p1"),
        ({"fhirUser": "Practitioner/p1"}, "Practitioner/p1"),
        ({"fhirUser": "Patient/1.a-B"}, "Patient/1.a-B"),
        ({"fhirUser": "PractitionerRole/1"}, "PractitionerRole/1"),
        ({"fhirUser": "RelatedPerson/1"}, "RelatedPerson/1"),
        ({"fhirUser": "Person/1"}, "Person/1"),
        ({"fhirUser": ABSENT, "profile": "BASE/Practitioner/p2"}, "Practitioner/p2"),
        ({"fhirUser": ABSENT, "profile": "Practitioner/p2"}, "Practitioner/p2"),
        ({"fhirUser": "Practitioner/p1", "profile": "Practitioner/p2"}, "Practitioner/p1"),
        ({"fhirUser": "Device/1", "profile": "Practitioner/p2"}, None),
        ({"fhirUser": "", "profile": "Practitioner/p2"}, None),
        ({"fhirUser": ABSENT}, None),
        ({"fhirUser": "STRANGER/Practitioner/p1"}, None),
        ({"fhirUser": "BASEx/Practitioner/p1"}, None),
        ({"fhirUser": "BASE/../x/Practitioner/p1"}, None),
        ({"fhirUser": "BASE/Practitioner/p1?x=y"}, None),
        ({"fhirUser": "BASE/Practitioner/p1/_history/2"}, None),
        ({"fhirUser": "Device/1"}, None),
        ({"fhirUser": "../x"}, None),
        ({"fhirUser": "Practitioner/.."}, None),
        ({"fhirUser": "Practitioner/a%2Fb"}, None),
        ({"fhirUser": "Practitioner/a\n"}, None),
        ({"fhirUser": "Practitioner/" + "a" * 65}, None),
        ({"fhirUser": "/Practitioner/p1"}, None),
        ({"fhirUser": "//STRANGER/Practitioner/p1"}, None),
        ({"fhirUser": "urn:uuid:1"}, None),
        ({"fhirUser": ""}, None),
        ({"fhirUser": 1}, None),
        ({"fhirUser": ABSENT, "profile": "https://people.test/me"}, None),
    ],
    ids=repr,
)
def test_fhir_user_is_absolute_on_the_fhir_base_or_none(
    issuer: Issuer, claims: dict[str, Any], expected: str | None
) -> None:
    base = issuer.tenant.base
    claims = {
        name: value.replace("BASE", base).replace("STRANGER", issuer.stranger.base)
        if isinstance(value, str)
        else value
        for name, value in claims.items()
    }
    identity = issuer.verify(issuer.token(**claims)).identity
    assert identity.fhir_user == (None if expected is None else f"{base}/{expected}")
    assert issuer.stranger.received == []
    assert issuer.fetched == ["/jwks"]


@each(
    ("name", "expected"),
    [
        ("Dr. Ünïcode Synthetic", "Dr. Ünïcode Synthetic"),
        (ABSENT, None),
        ("", None),
        ("  ", None),
        (7, None),
        ("a" * 256, None),
        ("a\u0000b", None),
        ("a\ud800b", None),
    ],
    ids=["text", "absent", "empty", "blank", "number", "long", "control", "half a character"],
)
def test_a_name_is_a_short_text_or_none(issuer: Issuer, name: object, expected: str | None) -> None:
    assert issuer.verify(issuer.token(name=name)).identity.name == expected


# Refreshed tokens


@pytest.fixture
def known(issuer: Issuer) -> Identity:
    return Identity(issuer.tenant.base, SUB, None, None)


def test_a_refreshed_token_needs_no_nonce_and_may_have_another(
    issuer: Issuer, known: Identity
) -> None:
    assert issuer.refreshed(issuer.token(nonce=ABSENT), known) == "no other"
    assert issuer.refreshed(issuer.token(nonce="another"), known) == "no other"
    assert issuer.refreshed(issuer.token(fhirUser="Person/2", name="Other"), known) == "no other"
    # Who the user stays needs no keys.
    assert issuer.fetched == []


def test_a_refreshed_token_of_another_sub_or_iss_is_another_users(
    issuer: Issuer, known: Identity
) -> None:
    assert issuer.refreshed(issuer.token(sub="somebody-else"), known) == "other"
    assert issuer.refreshed(issuer.token(), replace(known, issuer=f"{known.issuer}/")) == "other"


@each(
    ("forge", "found"),
    [
        (lambda i: i.token(aud=ABSENT), "no other"),
        (lambda i: i.token(aud=ABSENT, sub="somebody-else"), "no other"),
        (lambda i: i.token(RSA2, sub="somebody-else"), "forged"),
        (lambda i: i.token(exp=NOW - 300, sub="somebody-else"), "no other"),
        (lambda i: i.token(iss="https://other.test"), "no other"),
        (lambda i: unsigned(i, "none"), "no other"),
        (lambda i: "not a token", "no other"),
    ],
    ids=[
        "without aud", "without aud, another sub", "forged", "expired", "another issuer's",
        "unsigned", "no token",
    ],
)  # fmt: skip
def test_a_refreshed_token_that_fails_says_nothing_of_the_user(
    issuer: Issuer, known: Identity, forge: Forgery, found: str
) -> None:
    assert issuer.refreshed(forge(issuer), known) == found


@each(
    "document",
    [
        Scripted(503),
        as_json({"keys": "none"}),
        HANG_UP,
        # A cache of the EHR's that is empty, or older than the key that signed.
        as_json({"keys": []}),
        as_json({"keys": [public_jwk(RSA2, kid="older")]}),
        as_json({"keys": [public_jwk(RSA, kid="rsa"), public_jwk(RSA2, kid="rsa")]}),
    ],
)
def test_keys_that_cannot_be_read_decide_nothing_about_a_refreshed_token(
    issuer: Issuer, known: Identity, document: Scripted
) -> None:
    issuer.clock.now += 3601  # nothing of the row before is cached
    issuer.tenant.on("/jwks", document)
    with pytest.raises(KeysUnreadable):
        issuer.refreshed(issuer.token(sub="somebody-else"), known)


def test_a_key_that_may_be_newer_than_those_just_read_decides_nothing_either(
    issuer: Issuer, known: Identity
) -> None:
    forged = issuer.token(RSA2, sub="somebody-else")
    assert issuer.refreshed(forged, known) == "forged"
    with pytest.raises(KeysUnreadable):
        issuer.refreshed(forged, known)
