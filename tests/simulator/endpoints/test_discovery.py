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
