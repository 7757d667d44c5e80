"""Steps in Oracle Health's code console and at its sites, with the names of their fields.

The names of the fields come from Cerner's SMART overview and tutorial, and from reports. The
console itself requires a login, so its pages haven't been checked.
"""

from shared.findings import ByFlow

AUTHORIZATION_SERVER = "urn:cerner:error:authorization-server:"
RESOURCE_ACCESS = "urn:cerner:error:oauth2:resource-access:"

LAUNCH_FROM_CONSOLE = ByFlow(
    "Launch the app from the chart, or with the test launch on the app's page in the code console.",
    standalone=None,
)
COMPARE_CLIENT_ID = (
    "In the code console, open the app and compare its Client ID (not its Application ID) with "
    "`client_id` in smart.toml."
)
CHECK_APPLICATION_TYPE = ByFlow(
    "In the code console, make sure Application Type is Provider for launches from the chart, or "
    "Patient for an app that patients open.",
    standalone=None,
)
CHECK_LAUNCH_URI = (
    "In the code console, set SMART Launch URI to `https://HOST/launch`, with https, without a "
    "`#`, and without a redirect."
)
CHECK_REDIRECT_URI = (
    "In the code console, set Redirect URI to exactly `https://HOST/callback` (`public_url` + "
    "`redirect_path` in smart.toml), separate from the SMART Launch URI."
)
CHECK_SCOPES = (
    "In the code console, select each resource in `scopes` under the app's User Product APIs "
    "(`user/` scopes) or Patient Product APIs (`patient/` scopes)."
)
CHECK_SMART_VERSION = (
    "In the code console, check the app's SMART Version (it's fixed at registration), and write "
    "`scopes` in smart.toml to match: `.read` for v1, `.rs` for v2, and no wildcards."
)
SUBSCRIBE_PRODUCT = (
    "In the code console, make sure the app has the product `Oracle Health FHIR APIs for "
    "Millennium: FHIR R4, All`. Without this product, FHIR Version shows `-`."
)
CHECK_PRIVACY = (
    "In the code console, check whether the app is Public or Confidential. For a public app, set "
    '`client_auth = "none"` in smart.toml. For a confidential app, set `"client_secret_basic"` '
    'or `"private_key_jwt"`.'
)
WAIT_A_QUARTER = ByFlow(
    "Wait 15 minutes after a change in the code console, then launch again.",
    backend="Wait 15 minutes after a change in the code console.",
)
COMPARE_TENANT = (
    "Compare `tenant` in the error with the last part of `iss` in smart.toml. Use only endpoints "
    "that belong to that `iss`."
)
USE_DISCOVERED = ByFlow(
    "Use the endpoints from `ISS/.well-known/smart-configuration`. ISS is the launch's `iss` "
    "(for a backend service, the FHIR base that the site gave you).",
    backend="Use the endpoints from `ISS/.well-known/smart-configuration`. ISS is the FHIR base "
    "that the site gave you.",
)
ENABLE_AT_SITE = (
    "Ask the site to enable the Client ID for this domain. Each domain, production or "
    "non-production, is enabled separately."
)
ASK_SUPPORT = (
    "Give Oracle Health support the error's instance ID (the `Cerner-Correlation-Id`), "
    "the Client ID, the tenant and the time."
)
