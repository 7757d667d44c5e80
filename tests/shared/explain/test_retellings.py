"""The first report, told as others would tell it: quoted, in a table, typed off a screen."""

from shared.explain import Registered, diagnose, parse
from tests.support.ehr import ehr_messages
from tests.support.ehr.ehr_messages import CLIENT, OTHER, REGISTERED
from tests.support.tables import each

INSTANCE = "847e48ff-956f-4f96-8585-2d0ccb19d40a"
CONTEXT = f"persona=provider&client={OTHER}&tenant={ehr_messages.TENANT}"
ONCE = "urn%3Acerner%3Aerror%3Aauthorization-server%3Asmart-v1%3Agrant%3Alaunch%3Acode-required"

AS_A_TABLE = f"""Authorization fails with {ONCE}
| field | value |
|---|---|
| Error Instance | {INSTANCE} |
| Tenant ID | {ehr_messages.TENANT} |
| Context | {CONTEXT} |
| Application Client ID | {CLIENT} |
| Requested scopes | {ehr_messages.FIRST_SCOPES} |
All parameters (launch, aud, intent, state, code_challenge) are in the authorization request.
"""
TYPED_OFF_A_SCREEN = f"""Error    urn:cerner:error:authorization-server:smart-
v1:grant:launch:code-required
Instance {INSTANCE}
Tenant   {ehr_messages.TENANT}
Persona  provider
Client   {OTHER}

our Client ID   {CLIENT}
scope = launch/patient openid fhirUser profile patient/Patient.read
  patient/Observation.read patient/Condition.read patient/MedicationRequest.read online_access
intent=launch
"""
POSTED = ehr_messages.FIRST_REPORT
AS_MARKDOWN = POSTED.replace(": ", "\n`").replace("\n", "`\n")
TOLD = (POSTED, AS_MARKDOWN, POSTED.replace("\n", " "), AS_A_TABLE, TYPED_OFF_A_SCREEN)


@each("registrations", [[REGISTERED], []], ids=["configured", "from the text"])
@each("text", TOLD, ids=["posted", "markdown", "one line", "table", "screen"])
def test_however_it_is_told_the_causes_are_the_same(
    text: str, registrations: list[Registered]
) -> None:
    diagnosis = diagnose(parse(text), None, registrations)
    said = diagnosis.message
    assert (said.urn, said.instance) == (ehr_messages.LAUNCH + "code-required", INSTANCE)
    assert (said.persona, said.client, said.tenant) == ("provider", OTHER, ehr_messages.TENANT)
    causes = [cause.id for cause in diagnosis.causes]
    assert causes[:2] == ["launch_patient_scope_on_provider", "client_id_mismatch"]
    assert set(causes[2:]) == {"launch_parameter_missing", "parameter_not_recognised"}
    assert diagnosis.corrected_request is not None
    assert diagnosis.corrected_request["client_id"] == CLIENT
    assert set(diagnosis.corrected_request["scope"].split()) == (
        {*ehr_messages.FIRST_SCOPES.split(), "launch"} - {"launch/patient"}
    )


def test_a_line_that_follows_a_whole_urn_is_no_part_of_it() -> None:
    said = parse(f"{ehr_messages.LAUNCH}code-required\nserver-error is what the log says")
    assert said.urn == ehr_messages.LAUNCH + "code-required"


def test_the_id_of_a_failure_alone_says_what_else_to_paste() -> None:
    diagnosis = diagnose(parse(f"All that we have is the error instance {INSTANCE}."), None, [])
    assert diagnosis.causes == ()
    assert INSTANCE in diagnosis.meaning
    assert "Paste that URL with its query" in diagnosis.meaning


@each("code", ["invalid_request", "unsupported_grant_type"])
def test_a_code_of_rfc_6749_alone_is_nobodys_urn(code: str) -> None:
    said = parse(code)
    assert (said.urn, said.oauth_error) == (None, code)


def test_epic_is_known_by_its_bare_name_and_not_by_the_word() -> None:
    assert parse("Our Epic launch: error=4").vendor == "epic"
    assert parse("an epic failure: error=4").vendor is None
