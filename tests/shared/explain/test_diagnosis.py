"""The causes of an error in the light of what was sent, said, offered and configured."""

import json
import re
from dataclasses import replace
from itertools import product
from typing import Any

from shared import legacy_launch
from shared.explain import (
    AuthorizationRequest,
    Cause,
    Diagnosis,
    EhrMessage,
    Entry,
    Registered,
    at_token_endpoint,
    choose,
    diagnose,
    in_text,
    parse,
)
from shared.explain.catalogue import ENTRIES
from shared.explain.parsing.find import matches
from tests.support.ehr import ehr_messages
from tests.support.ehr.ehr_messages import CLIENT, OTHER
from tests.support.tables import each

GOOD_SCOPES = ("launch", "openid", "fhirUser", "patient/Patient.read")
FIRST = ehr_messages.REGISTERED
REGISTERED = replace(FIRST, scopes=("openid", "fhirUser", "patient/Patient.read"))
OURS = AuthorizationRequest(
    vendor="oracle",
    flow="ehr",
    client_id=CLIENT,
    client_auth="none",
    redirect_uri="https://smart.example.org/callback",
    aud=ehr_messages.BASE,
    scopes=GOOD_SCOPES,
    parameters=(
        *("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch"),
        *("code_challenge", "code_challenge_method", "nonce"),
    ),
    scopes_supported=GOOD_SCOPES,
)


def said(urn: str, persona: str | None = "provider", client: str | None = CLIENT) -> EhrMessage:
    return EhrMessage(
        vendor="oracle",
        urn=urn,
        persona=persona,
        client=client,
        tenant=ehr_messages.TENANT,
        text=urn,
    )


def ids(diagnosis: Diagnosis) -> list[str]:
    return [cause.id for cause in diagnosis.causes]


def cause(diagnosis: Diagnosis, id_: str) -> Cause:
    (one,) = [one for one in diagnosis.causes if one.id == id_]
    return one


# Causes that the text proves and one line fixes come first. Those that its author denies come last.
FIRST_CAUSES = [
    "launch_patient_scope_on_provider",
    "client_id_mismatch",
    "parameter_not_recognised",
    "launch_parameter_missing",
]


@each("registrations", [[FIRST], []], ids=["configured", "from the text"])
def test_the_first_report_gets_its_four_causes_in_order(registrations: list[Registered]) -> None:
    text = ehr_messages.FIRST_REPORT.replace("\n", "\r\n")
    diagnosis = diagnose(parse(text), None, registrations)
    assert ids(diagnosis) == FIRST_CAUSES
    assert [one.certainty for one in diagnosis.causes] == ["certain"] * 2 + ["possible"] * 2
    both = cause(diagnosis, "client_id_mismatch").why
    assert CLIENT in both
    assert OTHER in both
    assert ("The configured one is" in both) is bool(registrations)
    assert "`intent`" in cause(diagnosis, "parameter_not_recognised").why
    assert "persona provider" in cause(diagnosis, "launch_patient_scope_on_provider").why


def test_the_first_report_gets_its_request_parameter_by_parameter() -> None:
    diagnosis = diagnose(parse(ehr_messages.FIRST_REPORT), None, [FIRST])
    assert diagnosis.corrected_request == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": "https://smart.example.org/callback",
        "scope": "launch openid fhirUser profile patient/Patient.read patient/Observation.read "
        "patient/Condition.read patient/MedicationRequest.read online_access",
        "state": "<a new random value for each launch>",
        "aud": ehr_messages.BASE,
        "code_challenge": "<base64url of SHA-256 of a new code_verifier>",
        "code_challenge_method": "S256",
        "launch": "<the launch value received, unchanged>",
    }
    # The line to change is that of the first cause.
    assert diagnosis.change is not None
    assert diagnosis.change.line.startswith("scope=launch openid fhirUser")
    scopes = ehr_messages.FIRST_SCOPES.removeprefix("launch/patient ")
    assert diagnosis.change.setting == f'scopes = "{scopes}"'


@each(
    ("written", "setting"),
    [
        ('{clientId: "c-1", scope: "launch patient/*.*"}', 'scope: "launch <patient/TYPE.ACTION'),
        ("'scope' => 'launch patient/*.*'", "'scope' => \"launch <patient/TYPE.ACTION"),
        ("scope=launch patient/*.*", None),
    ],
)
def test_the_setting_of_any_app_is_the_one_that_the_text_shows(
    written: str, setting: str | None
) -> None:
    change = diagnose(parse(f"{written} gives ?error=invalid_scope")).change
    assert change is not None
    assert (change.setting or "").startswith(setting or "")
    assert bool(change.setting) == bool(setting)


def changed(base: Any, told: str) -> Any:
    """Return the base with changes as `name=value name=value`. A comma makes a list."""
    pairs = (one.split("=", 1) for one in told.split())
    values: dict[str, Any] = {
        name.replace("listed", "scopes_supported"): tuple(filter(None, value.split(",")))
        if name in {"scopes", "iss", "listed"}
        else value or None
        for name, value in pairs
    }
    return replace(base, **values)


TEXTS = {
    "localhost": ehr_messages.AUTHORIZE.replace("smart.example.org", "localhost")
    + f"\n{ehr_messages.GRANT}invalid-redirect-uri",
    "credentials": ehr_messages.INVALID_CREDENTIALS,
    "request": ehr_messages.AUTHORIZE,
    "request of another": ehr_messages.AUTHORIZE.replace(CLIENT, OTHER).replace(
        "launch=&", "launch=abc&"
    ),
    "trimmed": ehr_messages.TRIMMED,
    "two issuers": "unexpected iss value, expected https://a.us.x.org, got: https://a.us.x.org/",
}
ELSEWHERE = ehr_messages.BASE.replace(ehr_messages.TENANT, "another-tenant")
STARTS = {
    "grant": ehr_messages.GRANT,
    "launch": ehr_messages.LAUNCH,
    "token": ehr_messages.TOKEN,
    "fhir": ehr_messages.RESOURCE,
}
PATIENTS = f"scopes=launch/patient iss={ehr_messages.BASE.replace('-ehr-code', '-myrecord')}"
AT_EPIC = "vendor=epic iss=https://epic.example.org/R4"
# The message, as a text or as the end of its URN with what differs; what differs in the request
# that this app sent, or `-` if it's not known; what differs in the registration, or `-` for none;
# the first cause with its certainty and words of its reason, or after `!` one that isn't named.
EVIDENCE = rf"""
denied | - | iss={ELSEWHERE} | tenant_mismatch certain: {ehr_messages.TENANT}.*another-tenant
denied | - | | ! tenant_mismatch
denied | - | iss={ELSEWHERE},{ehr_messages.BASE} | ! tenant_mismatch
denied | - | iss=https://fhir-ehr-code.cerner.com/r4/* | ! tenant_mismatch
denied | - | iss= | ! tenant_mismatch
grant:x vendor=epic urn= oauth_error=access_denied | - | {AT_EPIC} | ! tenant_mismatch
denied client= | - | | ! client_id_mismatch
grant:invalid-redirect-uri client= | | - | ! client_id_mismatch
denied client=unknown | - | | ! client_id_mismatch
denied client={CLIENT.upper()} | - | | ! client_id_mismatch
grant:unknown-client persona=patient | - | | persona_mismatch likely: persona patient
launch:code-required client= | - | scopes=launch/patient | launch_patient_scope_on_provider certain:
grant:missing-patient | | - | patient_context_missing likely: without a chart
grant:missing-patient | | - | ! launch_scope_missing
grant:missing-patient | | - | ! launch_patient_scope_on_provider
grant:missing-patient | scopes=openid,patient/A.read | - | launch_scope_missing certain: A `launch
denied | scopes=launch,patient/*.read listed= | - | scope_syntax certain: `patient/\*.read`
denied | scopes=launch,patient/A.read,user/B.rs listed= | - | scope_syntax likely: mixed
denied | scopes=launch,user/B.read listed=user/B.rs | - | scope_syntax likely: `user/B.rs`
denied | scopes=launch,system/A.read | - | scope_not_registered likely: without a user can use
denied | scopes=launch,user/B.read | - | scope_not_registered likely: doesn't list `user/B.read`
grant:denied-by-user | scopes=patient/*.read listed= | - | ! scope_syntax
launch:mismatched-identity | scopes=patient/*.read listed= | - | ! scope_syntax
grant:invalid-redirect-uri | - | | redirect_uri_mismatch certain: //smart.example.org/callback
launch:unknown-resource-server | aud={ehr_messages.BASE}/ | | aud_wrong possible: a trailing slash
localhost | - | | redirect_uri_mismatch certain: //localhost/callback.*//smart.example.org/callback
credentials | - | | client_auth_wrong likely: public client
credentials | - | client_auth=private_key_jwt | client_auth_wrong likely: private_key_jwt
request | - | - | launch_parameter_missing certain: no `launch` value
request of another | - | | client_id_mismatch certain: {OTHER}
two issuers | - | - | token_of_another_server certain: the slash at the end
trimmed | - | | scope_syntax likely: `patient/Patient.read`.*aren't selected in the code console
"""


def rows(table: str) -> list[list[str]]:
    return [line.split(" | ") for line in table.strip().replace(" | | ", " |  | ").split("\n")]


def explained(text: str, request: str, registration: str) -> Diagnosis:
    place, _, told = re.sub("^denied", "grant:denied-by-server", text).partition(":")
    tail, _, changes = told.partition(" ")
    message = changed(said(STARTS[place] + tail), changes) if told else parse(TEXTS[text])
    sent = None if request == "-" else changed(OURS, request)
    registered = [] if registration == "-" else [changed(REGISTERED, registration)]
    return diagnose(message, sent, registered)


@each(("text", "request", "registration", "proven"), rows(EVIDENCE))
def test_what_was_sent_and_configured_proves_a_cause_or_refutes_it(
    text: str, request: str, registration: str, proven: str
) -> None:
    diagnosis = explained(text, request, registration)
    cause, _, words = proven.partition(":")
    if cause.startswith("! "):
        assert cause[2:] not in ids(diagnosis)
    else:
        first = diagnosis.causes[0]
        assert f"{first.id} {first.certainty}" == cause
        assert re.search(words.strip(), first.why)


# As above, then a parameter of the corrected request, or `-` if nothing is to correct.
CORRECTED = f"""
launch:code-required | - | - | client_id=<the client ID of the app's registration>
launch:code-required | - | - | redirect_uri=<the registered redirect URI, byte for byte>
launch:code-required | - | - | aud=<the iss received with the launch, unchanged>
launch:code-required | - | - | scope=launch <the scopes that are registered for the app>
launch:code-required persona=patient | - | - | aud=<the FHIR base of the EHR>
launch:code-required persona=patient | - | {PATIENTS} | scope=launch/patient <the scopes that are \
registered for the app>
launch:code-required persona=patient | - | {PATIENTS} | launch=None
request | - | - | aud={ehr_messages.BASE}
denied | scopes=launch/patient,patient/A.read,system/A.read,openid listed=launch,openid,\
patient/A.rs | - | scope=launch patient/A.rs openid
denied | flow=standalone scopes=user/A.read,system/A.read listed= | - | scope=user/A.read
denied | scopes=launch,patient/*.rs listed= | - | scope=launch <one patient/TYPE.rs for \
each resource type that the app reads>
token:empty-scopes | scopes=launch,patient/*.rs listed= | - | -
grant:denied-by-user | | - | -
fhir:expired | | - | -
token:code-invalid-or-expired | | - | -
token:refresh-token:session-invalid | | - | -
"""


@each(("text", "request", "registration", "parameter"), rows(CORRECTED))
def test_the_corrected_request_has_what_is_known_in_the_ehrs_own_syntax(
    text: str, request: str, registration: str, parameter: str
) -> None:
    diagnosis = explained(text, request, registration)
    name, _, value = parameter.partition("=")
    corrected = diagnosis.corrected_request
    assert corrected is None if name == "-" else str((corrected or {}).get(name)) == value


def test_the_setting_to_change_has_the_registered_value() -> None:
    change = diagnose(parse(TEXTS["request of another"]), None, [REGISTERED]).change
    assert change is not None
    assert change.setting == f'client_id = "{CLIENT}"'


def test_the_registration_is_the_one_of_the_requests_fhir_base() -> None:
    text = "error=invalid_scope /authorize?response_type=code&aud=https%3A%2F%2Fb.example.org%2FR4"
    one, other = (
        replace(REGISTERED, client_id=id_, iss=(f"https://{id_}.example.org/R4",)) for id_ in "ab"
    )
    assert choose(parse(text), in_text(text), [one, other]) == other


def test_a_client_id_of_another_registration_is_compared_with_that_one() -> None:
    other = replace(REGISTERED, key="other", client_id=OTHER)
    diagnosis = diagnose(
        said(ehr_messages.LAUNCH + "code-required", client=OTHER), None, [REGISTERED, other]
    )
    assert "client_id_mismatch" not in ids(diagnosis)


@each("name", legacy_launch.UNMISTAKABLE)
def test_any_parameter_of_a_legacy_launch_names_it(name: str) -> None:
    diagnosis = diagnose(parse(f"error=invalid_request at https://app.test/launch?{name}=x"))
    assert ids(diagnosis)[0] == "launch_parameter_missing"


def test_a_word_that_is_used_for_much_else_names_no_legacy_launch() -> None:
    assert "patientId" in legacy_launch.NAMES
    diagnosis = diagnose(parse("error=invalid_request in getChart(patientId)"))
    assert "launch_parameter_missing" not in ids(diagnosis)[:1]


@each(("error", "first"), [("access_denied", "user_declined"), ("invalid_scope", "scope_syntax")])
def test_a_user_who_declines_comes_before_scopes_that_only_look_wrong(
    error: str, first: str
) -> None:
    sent = AuthorizationRequest(
        vendor="epic",
        flow="ehr",
        scopes=("launch", "online_access", "patient/Patient.rs"),
        scopes_supported=("launch", "patient/Patient.read"),
    )
    diagnosis = diagnose(parse(f"error={error}"), sent, where="authorize redirect")
    assert ids(diagnosis)[0] == first
    assert {"scope_syntax", "scope_not_registered"} <= set(ids(diagnosis))


def test_a_token_that_lacks_nothing_has_no_cause() -> None:
    registered = replace(REGISTERED, scopes=("openid", "fhirUser"))
    diagnosis = diagnose(parse(ehr_messages.TRIMMED), None, [registered])
    assert diagnosis.causes == ()
    assert "all the scopes that were requested, none is missing" in diagnosis.meaning
    assert diagnosis.corrected_request is None


def test_an_unknown_urn_is_said_to_be_unknown_and_explained_by_its_code() -> None:
    unknown = replace(
        said(ehr_messages.GRANT + "of-tomorrow"), oauth_error="access_denied", instance="instance-7"
    )
    diagnosis = diagnose(unknown)
    assert f"doesn't recognize {ehr_messages.GRANT}of-tomorrow." in diagnosis.meaning
    assert "instance-7" in diagnosis.meaning
    assert ids(diagnosis)
    assert {one.certainty for one in diagnosis.causes} == {"possible"}


def test_an_unknown_urn_without_a_code_leaves_to_ask() -> None:
    unknown = replace(said(ehr_messages.GRANT + "of-tomorrow"), instance="instance-7")
    diagnosis = diagnose(unknown)
    assert (diagnosis.kind, ids(diagnosis)) == ("asks", [])
    assert "instance-7" in diagnosis.ask[0]
    # For a request that this app made, the user has nothing to paste.
    assert ids(diagnose(unknown, OURS)) == ["ehr_side"]


@each("text", ["", "hello world", "<svg onload=alert(1)>"])
def test_a_text_without_an_error_is_told_so(text: str) -> None:
    diagnosis = diagnose(parse(text), None, [FIRST])
    assert diagnosis.causes == ()
    assert diagnosis.corrected_request is None
    assert "No EHR error was found" in diagnosis.meaning


@each("text", ehr_messages.MESSAGES)
@each("registrations", [[], [FIRST], [REGISTERED, FIRST]])
def test_each_cause_stands_once_the_surest_first(
    text: str, registrations: list[Registered]
) -> None:
    diagnosis = diagnose(parse(text), None, registrations)
    assert len(set(ids(diagnosis))) == len(ids(diagnosis))
    order = ["certain", "likely", "possible"]
    ranks = [order.index(one.certainty) for one in diagnosis.causes]
    assert ranks == sorted(ranks)
    assert diagnosis.meaning
    for one in diagnosis.causes:
        assert all((one.title, one.why, one.steps, one.source))
        assert one.certainty != "certain" or "inferred" not in one.source


def test_the_vendor_of_the_configuration_reads_a_bare_code() -> None:
    bare = EhrMessage(oauth_error="access_denied", text="?error=access_denied")
    generic = diagnose(bare)
    of_vendor = diagnose(bare, replace(OURS, vendor="meditech"))
    assert generic.meaning != of_vendor.meaning
    assert of_vendor.message.vendor == "meditech"


@each(
    "code",
    [
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
        *("unsupported_grant_type", "invalid_scope"),
    ],
)
def test_every_code_of_a_token_endpoint_is_known_there(code: str) -> None:
    """RFC 6749 5.2."""
    said, sent = parse(f'HTTP 400\n{{"error":"{code}"}}'), replace(OURS, vendor="generic")
    diagnosis = diagnose(said, sent, where="token endpoint")
    assert "not known" not in diagnosis.meaning
    assert ids(diagnosis) != ["ehr_side"]
    assert {one.entry.where for one in matches(said, None, "token endpoint")} == {"token endpoint"}


@each(
    ("urn", "name"),
    [
        (ehr_messages.LAUNCH + "code-required", "the `launch` value that it received"),
        (ehr_messages.LAUNCH + "audience-required", "`aud`"),
        (ehr_messages.GRANT + "unsupported-response-type", "`response_type`"),
    ],
)
def test_what_this_app_sent_is_not_said_to_be_missing(urn: str, name: str) -> None:
    diagnosis = diagnose(said(urn), OURS, [REGISTERED])
    assert ids(diagnosis) == ["ehr_side"]
    assert f"This app did send {name}" in diagnosis.causes[0].why
    assert "lost during the EHR login" in diagnosis.causes[0].why


def test_launch_patient_beside_launch_proves_nothing_of_this_error() -> None:
    text = f"{ehr_messages.LAUNCH}code-required persona=provider scopes: launch launch/patient x"
    diagnosis = diagnose(parse(text))
    assert {one.certainty for one in diagnosis.causes} <= {"likely", "possible"}
    alone = diagnose(parse(text.replace("launch launch", "launch"))).causes[0]
    assert f"{alone.id} {alone.certainty}" == "launch_patient_scope_on_provider certain"


_AUTHORIZE = f"https://authorization.cerner.com/tenants/{ehr_messages.TENANT}/personas/provider"
# How certain it is that there was no `launch` value, or `-` if the text shows one or this app says
# that it sent one.
LAUNCH_SHOWN = f"""\
-: {_AUTHORIZE}/authorize?launch=abc-def&scope=launch%20openid&aud=x&state=s
-: {_AUTHORIZE}/authorize?response_type=code&client_id=x&launch=<redacted>&scope=launch%20openid
-: {_AUTHORIZE}/authorize?response_type=code\\n  &launch=abc\\n  &scope=launch%20openid
-: response_type: code\\nclient_id: abc-1\\nlaunch: 8f3a2b\\nscope: launch openid fhirUser
-: -d response_type=code -d client_id=908d -d launch=8f3a -d 'scope=launch openid fhirUser'
-: | response_type | code |\\n| client_id | 9d |\\n| launch | 8f3a |\\n| scope | launch openid |
-: {{"response_type":"code","client_id":"908d","launch":"8f3a2b","scope":"launch openid"}}
-: {{'response_type': 'code', 'client_id': '908d', 'launch': 'ab', 'scope': 'launch openid'}}
-: Kind of launch\\nEHR launch\\nclient_id that the EHR saw\\nsmart-calc
-: Kind of launch: EHR launch
-: {{"event": "callback_failed", "flow": "EHR launch"}}
-: Right:\\nlaunch ld/Ixf…, as the chart sent it, unused
likely: {{'response_type': 'code', 'launch': '', 'scope': 'launch openid'}}
likely: {{'response_type': 'code', 'launch': None, 'scope': 'launch openid'}}
possible: {{'response_type': 'code', 'launch': launch, 'scope': 'launch openid'}}
possible: {{ response_type: 'code', launch: launch, scope: 'launch openid' }}
likely: The EHR opens https://app.example.org/launch?iss=https%3A%2F%2Fx&launch=abc
"""


@each(("certainty", "shown"), [line.split(": ", 1) for line in LAUNCH_SHOWN.splitlines()])
def test_a_launch_value_may_have_been_missing_unless_the_text_shows_it(
    certainty: str, shown: str
) -> None:
    told = shown.replace("\\n", "\n")
    diagnosis = diagnose(parse(f"Error: {ehr_messages.LAUNCH}code-required\nWe send\n{told}\nWhy?"))
    first = diagnosis.causes[0]
    if certainty == "-":
        assert "launch_parameter_missing" not in ids(diagnosis)
        assert first.title.startswith("The request in the text has everything")
        assert re.search("`launch`.*a different request failed", first.why)
    else:
        assert (first.id, first.certainty) == ("launch_parameter_missing", certainty)


@each(
    ("urn", "first"),
    [
        (ehr_messages.TOKEN + "code:tenant:mismatch", "tenant_mismatch"),
        (ehr_messages.TOKEN + "code:client:mismatch", "client_id_mismatch"),
        (ehr_messages.GRANT + "unknown-tenant", "tenant_mismatch"),
    ],
)
def test_an_error_that_names_a_mismatch_is_not_refuted_by_two_names_that_agree(
    urn: str, first: str
) -> None:
    query = f"response_type=code&client_id={CLIENT}&aud={ehr_messages.BASE}&launch=a"
    shown = f"{_AUTHORIZE}/authorize?{query}"
    text = f"client={CLIENT}&tenant={ehr_messages.TENANT} {urn}\nWe send {shown}"
    assert ids(diagnose(parse(text)))[0] == first
    # What this app sent is another matter: its own requests agree.
    assert ids(diagnose(said(urn), OURS))[0] != first


def test_an_answer_about_a_request_that_is_as_it_should_be_names_what_is_looked_for() -> None:
    text = (
        "Keycloak: Invalid EHR launch request! for https://ehr.example.org/auth?response_type=code"
        "&client_id=c&scope=launch%20openid&launch=abc&aud=https%3A%2F%2Fehr.example.org"
    )
    first = diagnose(parse(text)).causes[0]
    assert first.title == "The request in the text doesn't match the EHR's error."
    assert "has ." not in first.why


@each("vendor", ["generic", "oracle", "epic", "smart-launcher", "keycloak"])
def test_the_two_forms_of_basic_credentials_are_named_at_any_vendor(vendor: str) -> None:
    registered = replace(REGISTERED, vendor=vendor, client_auth="client_secret_basic")
    diagnosis = diagnose(parse('{"error":"invalid_client"}'), None, [registered])
    assert "basic_credentials" in cause(diagnosis, "client_auth_wrong").fix
    ours = replace(OURS, vendor=vendor, client_auth="client_secret_basic", basic_form="form")
    refused = EhrMessage(oauth_error="invalid_client", status=401)
    steps = cause(diagnose(refused, ours, where="token endpoint"), "client_auth_wrong").steps
    assert steps[0].startswith('Set `basic_credentials = "raw"`')
    same = diagnose(refused, replace(ours, basic_form=None), where="token endpoint")
    assert "basic_credentials" not in cause(same, "client_auth_wrong").fix


_ALONE = replace(OURS, flow="standalone", scopes=("launch/patient", "patient/Patient.rs"))


@each(
    "entry", [one for one in ENTRIES if one.where != "FHIR answer" and one.vendor != "smart-calc"]
)
def test_a_flow_without_a_chart_is_not_told_of_one_and_an_exchange_not_of_a_refresh(
    entry: Entry,
) -> None:
    for flow, code in product(("standalone", "backend"), (*entry.oauth_errors, "another_error")):
        message = EhrMessage(
            vendor=entry.vendor,
            urn=next(iter(entry.urns), None),
            oauth_error=code,
            status=next(iter(entry.statuses), None),
            text=entry.says,
        )
        at_token = entry.where == "token endpoint"
        names = tuple(name for name in OURS.parameters or () if name != "launch")
        sent = replace(_ALONE, vendor=entry.vendor, parameters=names)
        if flow == "backend":
            sent = replace(sent, flow="backend", scopes=("system/Patient.rs",))
        diagnosis = diagnose(
            message, sent, where="token endpoint" if at_token else "authorize redirect"
        )
        assert all(one.steps for one in diagnosis.causes)
        if flow == "backend":
            assert not re.search(r"(?im)\blaunch (?:it |the app )?again|^[ ,;.]", _steps(diagnosis))
            continue
        causes_ = (f"{one.title} {one.why} {one.fix} {one.plainly}" for one in diagnosis.causes)
        texts = " ".join((diagnosis.meaning, *causes_))
        assert not re.search(r"from (?:the|a) (?:patient's )?chart|[Ii]f this was a refresh", texts)


def _steps(diagnosis: Diagnosis) -> str:
    return "\n".join(step for one in diagnosis.causes for step in one.steps)


# How the app authenticates; the status and the description of invalid_client, or `-` for no error;
# the first cause, its certainty, and words about it.
AT_TOKEN = """\
private_key_jwt | 401 | | client_auth_wrong likely: doesn't say
private_key_jwt | 401 | Client is not allowed here | client_auth_wrong likely: doesn't say
private_key_jwt | 401 | Invalid signature of client_assertion | assertion_key_unknown likely: key
client_secret_post | 401 | | client_auth_wrong likely: doesn't say
client_secret_post | 401 | Invalid client_secret | client_auth_wrong likely: the credentials
none | 401 | Simulated invalid token error | ehr_side certain: Nothing is wrong with the app
none | 401 | Simulated invalid 'jti' value | ehr_side certain: Nothing is wrong with the app
none | 401 | No usable keys found | client_auth_wrong likely: as a public client does
none | 401 | - | client_auth_wrong likely: prove
none | 400 | - | ehr_side possible: The app's request was refused.
none | 403 | - | ehr_side possible: The app's request was refused.
none | 413 | - | ehr_side possible: The app's request was refused.
none | 502 | - | ehr_side likely: The EHR didn't respond as it should.
"""


@each("vendor", ["generic", "oracle", "epic"])
@each(("auth", "status", "words", "proven"), rows(AT_TOKEN))
def test_a_token_endpoint_proves_no_more_than_its_response_mentions(
    vendor: str, auth: str, status: str, words: str, proven: str
) -> None:
    error = {"error": "invalid_client"} | ({"error_description": words} if words else {})
    refused = at_token_endpoint(int(status), "" if words == "-" else json.dumps(error))
    sent = replace(OURS, vendor=vendor, client_auth=auth)
    first = diagnose(refused, sent, where="token endpoint").causes[0]
    known, _, told = proven.partition(": ")
    assert f"{first.id} {first.certainty}" == known
    assert told in f"{first.plainly} {first.why}"
