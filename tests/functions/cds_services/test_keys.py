"""Where the keys of callers come from, and how often (CDS Hooks 2.0, "Trusting CDS Clients")."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.config.settings import Ehr
from shared.config.settings_file import parse
from shared.errors import CdsKeysUnavailable
from shared.oidc.keys import Keys
from tests.support.cds import KID, OTHER, P384, CdsEhr, client_table, log_lines, registration
from tests.support.id_tokens import public_jwk
from tests.support.scripted_ehr import HANG_UP, Scripted, ScriptedEhr, Tenant, as_json
from tests.support.servers import Server, free_port, serve_app
from tests.support.stores import Clock


@pytest.fixture
def fresh(tmp_path: Path, scripted: ScriptedEhr) -> Iterator[tuple[Server, CdsEhr]]:
    """A service that has read no keys yet, and tells developers what is wrong."""
    port = free_port()
    tenant = scripted.tenant("cds")
    ehr = CdsEhr.at(f"http://localhost:{port}", tenant, tenant.base)
    tables = registration("one", tenant.base) + client_table("one", "one", ehr)
    with serve_app(tmp_path, tables, port=port, top='error_details = "full"') as server:
        yield server, ehr


def test_keys_are_read_once_and_anew_for_a_kid_that_is_not_among_them(
    fresh: tuple[Server, CdsEhr],
) -> None:
    server, ehr = fresh
    unknown = ehr.post(ehr.body(), token=ehr.token(header=ehr.header(kid="unknown")))
    assert (unknown.status, ehr.key_reads) == (401, 1)
    for _ in range(3):
        assert ehr.call().status == 200
    assert ehr.key_reads == 1
    ehr.publish(public_jwk(OTHER, kid="rotated"))
    rotated = ehr.header(kid="rotated")
    assert ehr.post(ehr.body(), token=ehr.token(header=rotated, key=OTHER)).status == 200
    assert ehr.key_reads == 2
    # The old key is gone with it, and a stranger's kid does not make it read again at once.
    assert ehr.call().status == 401
    assert ehr.post(ehr.body(), token=ehr.token(header=ehr.header(kid="x"))).status == 401
    assert ehr.key_reads == 2
    # The response tells a developer which check failed.
    answer = ehr.post(ehr.body(), token=ehr.token(header=rotated, key=P384))
    assert "The check that failed: signature." in answer.text
    assert log_lines(server, "cds_refused")[-1]["reason"] == "signature"


def test_keys_that_cannot_be_read_are_another_failure_than_a_bad_token(
    fresh: tuple[Server, CdsEhr],
) -> None:
    server, ehr = fresh
    ehr.tenant.on("/cds/jwks.json", Scripted(500))
    for _ in range(2):
        answer = ehr.call()
        assert (answer.status, answer.code) == (503, "cds_keys_unavailable")
        assert answer.header("Retry-After") == "5"
        assert answer.header("WWW-Authenticate") is None
    assert ehr.key_reads == 1
    line = log_lines(server, "cds_refused")[-1]
    assert (line["code"], line["client"], line["answer"]) == (
        *("cds_keys_unavailable", "one", "status 500"),
    )
    # `reason` describes a token, and the token hasn't been checked here.
    assert "reason" not in line
    # What is wrong without any key stays what it is.
    assert ehr.post(ehr.body(), token=ehr.token(aud="x")).status == 401


@pytest.fixture
def pinned(scripted: ScriptedEhr) -> tuple[Keys, Ehr, Tenant, Clock]:
    tenant, clock = scripted.tenant("cds"), Clock()
    settings, _ = parse(
        'public_url = "http://localhost"\nsealing_keys = ["env:X"]\n[store]\nkind = "sqlite"\n'
        + registration("one", tenant.base)
    )
    assert settings is not None
    tenant.on("/jwks", as_json({"keys": [public_jwk(P384, kid=KID)]}))
    return Keys(clock), settings.ehrs[0], tenant, clock


def test_keys_are_kept_an_hour_and_failures_five_seconds(
    pinned: tuple[Keys, Ehr, Tenant, Clock],
) -> None:
    keys, ehr, tenant, clock = pinned
    url = f"{tenant.base}/jwks"
    assert keys.at_jku(ehr, url, KID).names(KID)
    clock.now += 3599
    keys.at_jku(ehr, url, KID)
    assert len(tenant.received) == 1
    tenant.on("/jwks", Scripted(404))
    clock.now += 2
    for reads in (2, 2):
        with pytest.raises(CdsKeysUnavailable):
            keys.at_jku(ehr, url, KID)
        assert len(tenant.received) == reads
    tenant.on("/jwks", as_json({"keys": [public_jwk(P384, kid=KID)]}))
    clock.now += 6
    assert keys.at_jku(ehr, url, KID).names(KID)


def test_an_unknown_kid_has_them_read_anew_at_most_every_thirty_seconds(
    pinned: tuple[Keys, Ehr, Tenant, Clock],
) -> None:
    keys, ehr, tenant, clock = pinned
    url = f"{tenant.base}/jwks"
    counts = []
    for wait in (0, 0, 0, 29, 2):
        clock.now += wait
        keys.at_jku(ehr, url, "unknown")
        counts.append(len(tenant.received))
    assert counts == [1, 2, 2, 2, 3]


@pytest.mark.parametrize(
    "answer",
    [
        Scripted(302, {"Location": "/elsewhere"}),
        Scripted(200, {}, b"no JSON"),
        as_json([]),
        as_json({"keys": {}}),
        as_json({"keys": [{}] * 201}),
        Scripted(200, {}, b'{"keys":[],"x":"' + b"y" * 1_000_000 + b'"}'),
    ],
    ids=["a redirect", "no JSON", "a list", "no list", "201 keys", "over 1 MB"],
)
def test_what_is_no_set_of_keys_is_refused(
    pinned: tuple[Keys, Ehr, Tenant, Clock], answer: Scripted
) -> None:
    keys, ehr, tenant, _ = pinned
    tenant.on("/jwks", answer)
    with pytest.raises(CdsKeysUnavailable):
        keys.at_jku(ehr, f"{tenant.base}/jwks", KID)
    assert [one.path for one in tenant.received] == ["/jwks"]


def test_an_address_that_nobody_answers_is_no_set_of_keys(
    pinned: tuple[Keys, Ehr, Tenant, Clock],
) -> None:
    keys, ehr, tenant, _ = pinned
    dead = f"http://127.0.0.1:{free_port()}/jwks"
    tenant.on("/jwks", HANG_UP)
    for url in (dead, f"{tenant.base}/jwks"):
        with pytest.raises(CdsKeysUnavailable):
            keys.at_jku(ehr, url, KID)
