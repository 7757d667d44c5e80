import re
from urllib.parse import parse_qsl, urlsplit

from simulator.ehr import VENDOR_PROFILES
from simulator.faults.authorize_faults import AUTHORIZE_FAULTS, AuthorizeFault
from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.oracle_addresses import TENANT
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import STATE, json_of, query_of
from tests.simulator.token_client import SCOPE
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

STARTING = [one for one in VENDOR_PROFILES if one.key != "oracle-patient"]


def cases(how: str) -> list[tuple[VendorProfile, AuthorizeFault]]:
    return [
        (profile, fault)
        for fault in AUTHORIZE_FAULTS.values()
        for profile in STARTING
        if fault.how == how and profile.key in fault.ehrs
    ]


def triggered(name: str, profile: VendorProfile) -> str:
    """Launch with a fault; the address that the authorization endpoint redirects to."""
    app = VendorApp(profile=profile)
    response = app.authorize(app.launch(fault=name))
    return str(response.headers["Location"])


def test_the_list_names_every_fault_and_the_ehrs_that_can_have_it() -> None:
    listed = json_of(VendorApp().http.get("/_faults"))["faults"]
    names = {one["name"]: one for one in listed}
    assert names["oracle-mismatched-identity"]["ehrs"] == ["oracle", "oracle-patient"]
    assert names["answer-wrong-iss"]["ehrs"] == ["generic"]
    assert "token-500" in names
    assert all(one.keys() == {"name", "place", "title", "ehrs"} for one in listed)
    assert len(names) == len(listed)


@each(("profile", "fault"), cases("refusal"))
def test_a_refusal_reaches_the_app_with_its_error(
    profile: VendorProfile, fault: AuthorizeFault
) -> None:
    answer = query_of(triggered(fault.name, profile))
    assert (answer["error"], answer["state"]) == (fault.error, STATE)
    if profile is ORACLE:
        assert "error_description" not in answer
        urn = re.search(r"/errors/([^/]+)/instances/", answer["error_uri"])
        assert urn is not None
        decoded = urn[1].replace("%25", "%").replace("%3A", ":")
        assert decoded.endswith(f"authorization-server:{fault.detail}")
    else:
        assert answer.get("error_description", "") == fault.detail


@each(("profile", "fault"), cases("page"))
def test_a_page_tells_the_app_nothing(profile: VendorProfile, fault: AuthorizeFault) -> None:
    app = VendorApp(profile=profile)
    response = app.authorize(app.launch(fault=fault.name))
    if response.status_code == 303:
        response = app.http.get(response.headers["Location"])
        assert f"authorization-server:{fault.detail}<" in response.text
    assert response.mimetype == "text/html"
    assert "Location" not in response.headers
    assert response.status_code == (200 if fault.name == "epic-unknown-client" else 400)


@each("profile", STARTING)
@each(
    ("name", "members"),
    [
        ("answer-without-state", {"code"}),
        ("answer-without-code", {"state"}),
        ("answer-wrong-state", {"code", "state"}),
    ],
)
def test_an_answer_is_spoiled_at_every_ehr(
    profile: VendorProfile, name: str, members: set[str]
) -> None:
    answer = query_of(triggered(name, profile))
    assert answer.keys() - {"iss"} == members
    assert answer.get("state") != STATE or name == "answer-without-code"


def test_the_issuer_of_an_answer_is_spoiled() -> None:
    wrong = query_of(triggered("answer-wrong-iss", GENERIC))
    assert wrong["iss"] not in ("", VendorApp().at.issuer)
    assert query_of(triggered("answer-without-iss", GENERIC)).keys() == {"code", "state"}


def test_an_error_can_come_without_its_state() -> None:
    for profile, name in ((GENERIC, "access-denied"), (ORACLE, "oracle-denied-by-user")):
        answer = query_of(triggered(f"{name},answer-without-state", profile))
        assert "error" in answer
        assert "state" not in answer


@each(
    ("name", "raw"),
    [
        ("error-uri-encoded-once", "%2Ferrors%2Furn%3Acerner%3Aerror"),
        ("error-uri-encoded-thrice", "%2Ferrors%2Furn%25253Acerner%25253Aerror"),
        ("error-uri-not-encoded", "http://ehr.test/errors/urn:cerner:error"),
    ],
)
def test_the_address_of_an_error_is_encoded_in_other_ways(name: str, raw: str) -> None:
    assert raw in triggered(f"oracle-server-error,{name}", ORACLE)


@each(
    ("name", "query"),
    [
        ("error-uri-without-query", {}),
        (
            "error-uri-client-unknown",
            {"persona": "provider", "client": "unknown", "tenant": TENANT},
        ),
    ],
)
def test_the_address_of_an_error_says_less(name: str, query: dict[str, str]) -> None:
    answer = query_of(triggered(f"oracle-server-error,{name}", ORACLE))
    assert dict(parse_qsl(urlsplit(answer["error_uri"]).query)) == query


@each(
    ("name", "member", "own"),
    [
        ("error-uri-other-client", "client", "client one"),
        ("error-uri-other-tenant", "tenant", TENANT),
    ],
)
def test_the_address_of_an_error_names_another(name: str, member: str, own: str) -> None:
    answer = query_of(triggered(f"oracle-server-error,{name}", ORACLE))
    assert dict(parse_qsl(urlsplit(answer["error_uri"]).query))[member] != own


@each("profile", STARTING)
@each(
    ("name", "gone"),
    [
        ("grant-without-resources", {"Patient", "Observation"}),
        ("grant-without-observation", {"Observation"}),
        ("grant-without-openid", {"openid", "fhirUser"}),
    ],
)
def test_less_is_granted_than_was_asked(profile: VendorProfile, name: str, gone: set[str]) -> None:
    app = VendorApp(profile=profile)
    body = app.tokens(fault=name)
    granted = {one.partition("/")[2].partition(".")[0] or one for one in body["scope"].split(" ")}
    asked = {one.partition("/")[2].partition(".")[0] or one for one in SCOPE.split(" ")}
    assert granted == asked - gone
    assert ("id_token" in body) == ("openid" not in gone)


@each("profile", [GENERIC, EPIC])
def test_a_launch_without_a_patient_gives_a_token_without_one(profile: VendorProfile) -> None:
    body = VendorApp(profile=profile).tokens(fault="grant-without-patient")
    assert not {"patient", "encounter"} & body.keys()


def test_a_launch_without_a_patient_is_refused_at_oracle() -> None:
    answer = query_of(triggered("grant-without-patient", ORACLE))
    assert answer["error"] == "access_denied"
    assert "missing-patient" in answer["error_uri"]


def test_a_fault_for_every_request_is_triggered_by_a_standalone_launch_as_well() -> None:
    app = VendorApp(profile=ORACLE)
    app.control(faults="oracle-csrf-security-failure")
    assert app.answer(None)["error"] == "access_denied"
    app.control(faults="")
    assert app.answer(None)["error"] == "invalid_request"


def test_a_fault_of_another_vendor_is_never_triggered() -> None:
    app = VendorApp(profile=GENERIC)
    app.control(faults="oracle-csrf-security-failure,epic-unknown-client")
    assert "code" in app.answer(app.launch())


def test_a_fault_goes_through_the_frame() -> None:
    app = VendorApp(profile=EPIC)
    query = {"fault": "epic-unknown-client", "user": "conrad", "in": "frame"}
    frame = re.search(r'<iframe [^>]*src="([^"]+)"', app.start(**query).text)
    assert frame is not None
    launched = app.http.get(frame[1].replace("&amp;", "&"))
    launch = query_of(launched.headers["Location"])["launch"]
    assert "<title>OAuth2 Error</title>" in app.authorize(launch).text
