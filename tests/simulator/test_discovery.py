from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from tests.simulator.app_under_test import FHIR, ISSUER, App, json_of


def test_the_smart_configuration_names_addresses_of_the_configured_origin(app: App) -> None:
    response = app.http.get(
        "/generic/fhir/.well-known/smart-configuration", headers={"Host": "evil.test"}
    )
    assert response.content_type == "application/json"
    configuration = json_of(response)
    assert configuration["issuer"] == ISSUER
    assert configuration["authorization_endpoint"] == f"{ISSUER}/authorize"
    assert configuration["token_endpoint"] == f"{ISSUER}/token"


def test_the_smart_configuration_says_what_the_ehr_does(app: App) -> None:
    configuration = json_of(app.http.get("/generic/fhir/.well-known/smart-configuration"))
    assert configuration["code_challenge_methods_supported"] == ["S256"]
    assert configuration["token_endpoint_auth_methods_supported"] == ["none"]
    assert configuration["authorization_response_iss_parameter_supported"] is True
    assert {"launch-ehr", "launch-standalone", "authorize-post", "client-public"} <= set(
        configuration["capabilities"]
    )


def test_no_scope_is_advertised_that_is_never_granted(app: App) -> None:
    configuration = json_of(app.http.get("/generic/fhir/.well-known/smart-configuration"))
    advertised = set(configuration["scopes_supported"])
    assert {"launch", "launch/patient", "patient/*.rs", "patient/Observation.read"} <= advertised
    assert not {"openid", "fhirUser", "offline_access", "online_access"} & advertised


def test_the_capability_statement_is_valid_and_needs_no_token(app: App) -> None:
    response = app.http.get("/generic/fhir/metadata")
    assert response.content_type == "application/fhir+json; charset=utf-8"
    statement = CapabilityStatement.model_validate_json(response.data)
    assert statement.implementation is not None
    assert statement.implementation.url == FHIR
    assert statement.fhirVersion == "4.0.1"
