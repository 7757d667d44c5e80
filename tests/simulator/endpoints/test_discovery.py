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
    assert configuration["token_endpoint_auth_methods_supported"] == [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ]
    assert configuration["authorization_response_iss_parameter_supported"] is True
    assert {"launch-ehr", "launch-standalone", "authorize-post", "client-public"} <= set(
        configuration["capabilities"]
    )


def test_the_smart_configuration_offers_every_kind_of_client_and_identity(app: App) -> None:
    configuration = json_of(app.http.get("/generic/fhir/.well-known/smart-configuration"))
    assert configuration["jwks_uri"] == f"{ISSUER}/jwks"
    assert configuration["revocation_endpoint"] == f"{ISSUER}/revoke"
    assert configuration["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert {
        "client-confidential-symmetric",
        "client-confidential-asymmetric",
        "sso-openid-connect",
    } <= set(configuration["capabilities"])


def test_the_scopes_that_are_granted_are_advertised(app: App) -> None:
    configuration = json_of(app.http.get("/generic/fhir/.well-known/smart-configuration"))
    assert {
        "launch",
        "launch/patient",
        "openid",
        "fhirUser",
        "online_access",
        "offline_access",
        "patient/*.rs",
        "patient/Observation.read",
    } <= set(configuration["scopes_supported"])


def test_the_capability_statement_names_the_endpoints_for_apps_of_smart_1(app: App) -> None:
    statement = json_of(app.http.get("/generic/fhir/metadata"))
    security = statement["rest"][0]["security"]
    addresses = {one["url"]: one["valueUri"] for one in security["extension"][0]["extension"]}
    assert addresses == {
        "authorize": f"{ISSUER}/authorize",
        "token": f"{ISSUER}/token",
        "revoke": f"{ISSUER}/revoke",
    }


def test_the_capability_statement_is_valid_and_needs_no_token(app: App) -> None:
    from fhir.resources.R4B.capabilitystatement import CapabilityStatement

    response = app.http.get("/generic/fhir/metadata")
    assert response.content_type == "application/fhir+json; charset=utf-8"
    statement = CapabilityStatement.model_validate_json(response.data)
    assert statement.implementation is not None
    assert statement.implementation.url == FHIR
    assert statement.fhirVersion == "4.0.1"
