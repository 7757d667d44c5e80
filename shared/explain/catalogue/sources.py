"""The sources of the catalogue's facts: short names, each with a title and its URL.

They're vendors' documents, and developers' reports and captures. A fact that none of them shows is
marked as `inferred`.
"""

from collections.abc import Mapping

from shared.explain.catalogue.lines import pairs

INFERRED = "inferred"
_TABLE = r"""
# Oracle Health (Cerner): its own documents.
URN_LIST Cerner authorization docs, error list of 2016-08: https://github.com/cerner/fhir.cerner.com/blob/095887f2300ab8c83332ebc825fb860c5a802d18/content/dstu2/authorization.md
RESOURCE_LIST Cerner authorization docs, resource server errors of 2016-04: https://github.com/cerner/fhir.cerner.com/blob/4a606000fd32d784f7ae94353693ff7375f67b15/content/dstu2/authorization.md
AUTHORIZATION Cerner authorization docs, 2024: https://github.com/cerner/fhir.cerner.com/blob/3d33831ae6573752ecf7b5c5c29a28c6707f5744/content/authorization.md
SPECIFICATION Cerner authorization specification, 2024: https://github.com/cerner/fhir.cerner.com/blob/3d33831ae6573752ecf7b5c5c29a28c6707f5744/content/authorization/authorization-specification.md
SMART_OVERVIEW Cerner SMART overview, 2024: https://github.com/cerner/fhir.cerner.com/blob/3d33831ae6573752ecf7b5c5c29a28c6707f5744/content/smart.md
R4 Cerner R4 docs, 2024: https://github.com/cerner/fhir.cerner.com/blob/3d33831ae6573752ecf7b5c5c29a28c6707f5744/content/millennium/r4.md
TUTORIAL Cerner SMART tutorial, 2023: https://github.com/cerner/smart-on-fhir-tutorial/blob/e8dbcaf869ce986a34897f299f5c97c0597a5427/index.html
LAUNCH_SERVER behavior of Cerner's launch server as of 2017: https://github.com/ouh-churchill/growth-chart-app/tree/4eef6f8237ea2f0ec195c2ac77bf3b17db822aa4/engines/igneous_smart_engine
EMBEDDABLE README of cerner-smart-embeddable-lib: https://github.com/oracle-samples/cerner-smart-embeddable-lib/tree/4ab045f14699507eb325bf98d4e5986a8ef929e6
# Oracle Health (Cerner): captured, or reported by developers.
DISCOVERY_CAPTURE discovery documents captured 2026-08-14: https://github.com/api-evangelist/cerner
CHIRON provider launch recorded 2026-05-21: https://github.com/toddegray/chiron-cds-spike/blob/a5e979fdbeecf0194cc58fad838f7d5a78c09d07/docs/REAL_LAUNCH_VERIFICATION.md
YOURPHR patient app's field guide, 2026: https://github.com/jwilleke/yourphr/blob/8b5135275ef95c9978fb7138de825fd28bd5cdac/docs/vendors/oracle-cerner.md
YOURPHR_ATHENA patient app's field guide, 2026: https://github.com/jwilleke/yourphr/blob/8b5135275ef95c9978fb7138de825fd28bd5cdac/docs/vendors/athenahealth.md
THE_MAP probes of 2026-04 and 2026-05: https://github.com/mock-health/the-map
PEERBITS notes of a launch library's authors: https://github.com/PeerbitsSolution/smart-launch \
  (docs/vendor-notes.md, docs/common-errors.md)
TUTORIAL_123 report: https://github.com/cerner/smart-on-fhir-tutorial/issues/123
DISCHARGE report of 2025-11: https://github.com/Aividahealth/patient-discharge \
  (backend/CERNER_CREDENTIALS_DIAGNOSTIC.md)
SIGN_IN_CHECKER pages recorded by a sign-in checker: https://github.com/EnriqueNeyra/syntropy-health
FORUM_CODE_REQUIRED report: https://forums.oracle.com/ords/apexds/post/contact-cerner-developer-support-technical-issue-report-0473
FORUM_INVALID_LAUNCH report: https://forums.oracle.com/ords/apexds/post/access-denied-invalid-launch-code-error-being-redirected-f-6420
FORUM_CREDENTIALS report: https://forums.oracle.com/ords/apexds/post/token-request-failing-with-invalid-client-after-successful-0040
FORUM_JWT report: https://forums.oracle.com/ords/apexds/post/system-client-authentication-using-jwt-failing-7719
FORUM_POSTMAN report: https://forums.oracle.com/ords/apexds/post/cannot-get-access-token-from-cerner-using-postman-0761
FORUM_TENANT report: https://forums.oracle.com/ords/apexds/post/invalid-grant-for-r4-authorization-cerner-com-tenants-4126
FORUM_TENANT_MISMATCH report: https://forums.oracle.com/ords/apexds/post/401-tenant-mismatch-errors-in-prod-7982
FORUM_403 report: https://forums.oracle.com/ords/apexds/post/smart-launch-successful-but-patient-read-scope-not-granted-8068
FORUM_TRIMMED report: https://forums.oracle.com/ords/apexds/post/smart-on-fhir-scopes-trimmed-to-only-openid-fhiruser-launch-0660
FORUM_OPENID report: https://forums.oracle.com/ords/apexds/post/token-scope-missing-openid-scope-and-id-token-7603
FORUM_SPECIMEN report: https://forums.oracle.com/ords/apexds/post/scopes-are-present-in-sandbox-but-not-in-sandbox-cerner-cen-8656
FORUM_POWERCHART report: https://forums.oracle.com/ords/apexds/post/site-not-loading-in-powerchart-1237
FORUM_BAD_REQUEST report: https://forums.oracle.com/ords/apexds/post/bad-request-error-when-launching-from-the-code-console-san-0590
GROUP report: https://groups.google.com/g/cerner-fhir-developers/c
# Epic.
EPIC_PREFLIGHT pages recorded by a launch preflight: https://github.com/kimanhdev1999/epic-compliance
EPIC_CMS_SANDBOX notes of a developer: https://github.com/msampath/cms-0057-sandbox
EPIC_BASIC report: http://community.fhir.org/t/invalid-client-error-from-epic/4312
EPIC_BACKEND article: https://golangfix.com/epic-fhir-smart-backend-services-error-invalid_client-error_description-null/
EPIC_APPAUTH report: https://github.com/openid/AppAuth-Android/issues/1036
EPIC_FASTEN report: https://github.com/fastenhealth/fasten-onprem/issues/456
EPIC_SYNC guide: https://open.akhester.com/docs/smart-client/getting-started/epic-registration
EPIC_48_HOURS community article: https://www.volcengine.com/article/3273533
EPIC_TEST_PAGE Epic's test page: https://fhir.epic.com/test/smart
CLIENT_JS report: https://github.com/smart-on-fhir/client-js/issues
# Others.
ECW_SANDBOX community guide: https://dayreview.org/blog/eclinicalworks-sandbox-integration
ECW_SCOPES scopes of an eClinicalWorks app: https://app2.doordoc.com/docs/scopes
LAUNCHER source of the SMART launcher: https://github.com/smart-on-fhir/smart-launcher-v2/tree/64374254347fdfa9625f9112c77813aa75fa9f3e/backend/routes/auth
LAUNCHER_34 report: https://github.com/smart-on-fhir/smart-launcher/issues/34
KEYCLOAK_SMART source of a SMART extension for Keycloak: https://github.com/zedwerks/keycloak-smart-fhir/tree/45bd554a82d8d4cc6159ccee3dd6729696109280
ALVEARIE report: https://github.com/Alvearie/keycloak-extensions-for-fhir/issues/45
CENTILES_4 report: https://github.com/smart-on-fhir/bp-centiles-app/issues/4
GROWTH_62 report: https://github.com/smart-on-fhir/growth-chart-app/issues/62
OPENEMR_4230 report: https://github.com/openemr/openemr/issues/4230
OPENEMR_EXPORT report: https://github.com/openemr/openemr/issues/8668
HEALTH_GORILLA Health Gorilla's launch errors: https://apidocs.healthgorilla.com/guides/patient-chart-viewer/launch-errors
ONC_AUD ONC test kit: https://github.com/onc-healthit/onc-certification-g10-test-kit/issues/438
ENTRA Microsoft Entra error codes: https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
OF_KEYCLOAK source of Keycloak: https://github.com/keycloak/keycloak
OF_OKTA Okta's OAuth reference: https://developer.okta.com/docs/reference/api/oidc/
OF_AUTH0 Auth0's documentation: https://auth0.com/docs/troubleshoot
OF_COGNITO Amazon Cognito's endpoints: https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
OF_IDENTITYSERVER source of IdentityServer: https://github.com/IdentityServer/IdentityServer4
OF_OAUTHLIB source of OAuthLib: https://github.com/oauthlib/oauthlib
OF_MSAL MSAL's errors: https://github.com/AzureAD/microsoft-authentication-library-for-js
OF_SPRING_SECURITY source of Spring Security: https://github.com/spring-projects/spring-security
OF_DOTNET source of Microsoft.IdentityModel: https://github.com/AzureAD/azure-activedirectory-identitymodel-extensions-for-dotnet
OF_HAPI source of HAPI FHIR: https://github.com/hapifhir/hapi-fhir
OF_AWS Amazon API Gateway's responses: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
OF_GOOGLE Google's OAuth errors: https://developers.google.com/identity/protocols/oauth2/web-server
OF_FHIRCLIENT source of fhirclient: https://github.com/smart-on-fhir/client-js
OF_EPIC Epic's FHIR error codes: https://fhir.epic.com/Documentation?docId=fhir_errors
OF_AZURE Azure sample's troubleshooting page: https://github.com/Azure-Samples/azure-health-data-and-ai-samples/blob/2e08fdc21e1e8af37a7cf33b541e7d31f33d32e9/samples/smartonfhir-smart-v1/docs/troubleshooting.md
OF_ORACLE authorization lab by a Cerner engineer, 2017: https://github.com/whitehatguy/smart-authorization-lab/blob/0332c0fffa1cfea0d47b77bb765ce9da55e72077/README.md
OF_ATHENAHEALTH report: https://github.com/athenahealth/apiserver-athenaFlex/issues
# Standards.
FETCH Fetch standard, CORS: https://fetch.spec.whatwg.org/
RFC_5280 RFC 5280: https://www.rfc-editor.org/rfc/rfc5280
RFC_6749 RFC 6749: https://www.rfc-editor.org/rfc/rfc6749
RFC_6585 RFC 6585: https://www.rfc-editor.org/rfc/rfc6585
RFC_6750 RFC 6750: https://www.rfc-editor.org/rfc/rfc6750
RFC_7523 RFC 7523: https://www.rfc-editor.org/rfc/rfc7523
RFC_7636 RFC 7636: https://www.rfc-editor.org/rfc/rfc7636
RFC_9700 RFC 9700: https://www.rfc-editor.org/rfc/rfc9700
BULK_DATA Bulk Data Access 2.0: https://hl7.org/fhir/uv/bulkdata/STU2/export.html
RFC_8252 RFC 8252: https://www.rfc-editor.org/rfc/rfc8252
RFC_9110 RFC 9110: https://www.rfc-editor.org/rfc/rfc9110
OPENID OpenID Connect Core 1.0: https://openid.net/specs/openid-connect-core-1_0.html
SMART SMART App Launch 2.2: https://hl7.org/fhir/smart-app-launch/STU2.2/
CSP Content Security Policy Level 3: https://www.w3.org/TR/CSP3/
"""
SOURCES: Mapping[str, str] = {name: told for name, told in pairs(_TABLE) if name != "#"}
RFC_6749, RFC_7523, SMART = (SOURCES[name] for name in ("RFC_6749", "RFC_7523", "SMART"))
