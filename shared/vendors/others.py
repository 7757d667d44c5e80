"""Vendors for which this app knows only error messages. An [[ehr]] entry can't name them.

To make a vendor configurable, move its profile to VENDORS.
"""

from shared.vendors.profile import Profile, Signs

# A text is compared with their signs in this order.
OTHERS: tuple[Profile, ...] = (
    Profile(
        "athenahealth",
        "athenahealth",
        signs=Signs(
            addresses=("athenahealth.com", "platform.athena", "virenceaz.com", "gehealthcare.com"),
            names=("athenahealth", "athenaone", "athenaflow", "athenapractice", "athena"),
        ),
    ),
    Profile(
        "meditech",
        "MEDITECH",
        signs=Signs(addresses=("meditech.com", "greenfield.", "mtrestapis"), names=("meditech",)),
    ),
    Profile(
        "eclinicalworks",
        "eClinicalWorks",
        signs=Signs(
            addresses=("eclinicalworks.com", "ecwcloud.com", "healow.com"),
            paths=("/apps/jsp/fhir/",),
            names=("eclinicalworks", "healow"),
        ),
    ),
    Profile(
        "smart-launcher",
        "SMART launcher",
        stands_in=True,
        signs=Signs(
            addresses=("launch.smarthealthit.org", "launcher.smarthealthit"),
            paths=("/v/r4/sim/",),
            names=("smart launcher", "smart health it"),
        ),
    ),
    Profile(
        "keycloak",
        "Keycloak",
        signs=Signs(paths=("/protocol/openid-connect/", "/realms/"), names=("keycloak",)),
    ),
    Profile(
        "azure",
        "Azure",
        signs=Signs(
            addresses=("azurehealthcareapis.com", "microsoftonline.com", "aadsts"),
            names=("azure", "entra id"),
        ),
    ),
    Profile(
        "okta",
        "Okta",
        signs=Signs(addresses=("okta.com", "oktapreview.com", "x-okta-"), names=("okta",)),
    ),
    Profile("auth0", "Auth0", signs=Signs(addresses=("auth0.com",), names=("auth0",))),
    Profile(
        "cognito",
        "Amazon Cognito",
        signs=Signs(addresses=("amazoncognito.com", "cognito-idp."), names=("cognito",)),
    ),
    Profile(
        "identityserver",
        "IdentityServer",
        signs=Signs(
            addresses=("identityserver4.", "duende.identityserver", "duende identityserver"),
            paths=("/connect/token", "/connect/authorize"),
            names=("identityserver", "identity server", "duende"),
        ),
    ),
    Profile(
        "spring-security",
        "Spring Security",
        signs=Signs(
            addresses=("org.springframework.security", "/login/oauth2/code/", "o.s.s."),
            names=("spring security", "spring boot", "spring authorization", "spring-security"),
        ),
    ),
    Profile(
        "dotnet",
        ".NET",
        signs=Signs(
            addresses=("microsoft.identitymodel", "microsoft.aspnetcore", "/signin-oidc"),
            names=("asp.net", ".net core", "dotnet"),
        ),
    ),
    Profile(
        "hapi",
        "HAPI FHIR",
        signs=Signs(addresses=("ca.uhn.", "hapi-0", "hapi-1", "hapi.fhir.org"), names=("hapi",)),
    ),
    Profile(
        "aws",
        "AWS",
        signs=Signs(
            addresses=("amazonaws.com", "x-amzn-"), names=("healthlake", "fhir works", "aws")
        ),
    ),
    Profile(
        "google",
        "Google Cloud",
        signs=Signs(
            addresses=("healthcare.googleapis.com", "accounts.google.com", "oauth2.googleapis.com"),
            names=("google cloud", "google healthcare", "gcp", "cloud healthcare"),
        ),
    ),
    Profile(
        "fhirclient",
        "fhirclient",
        signs=Signs(
            addresses=("fhir-client.js", "fhir:oauth2", "fhir:client"),
            names=("fhirclient", "fhir-client", "fhir client js", "client-js"),
        ),
    ),
)
