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
            addresses=("athenahealth.com", "platform.athena"), names=("athenahealth", "athenaone")
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
        signs=Signs(addresses=("okta.com", "oktapreview.com"), names=("okta",)),
    ),
)
