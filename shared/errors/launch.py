"""A launch that can't start: which EHR, and its configuration."""

from shared.errors.base import ADMINISTRATOR, OWN_WORDS, CodedError, Plainly
from shared.findings import ForUser


class LaunchError(CodedError):
    """The launch can't start."""


class NotANavigation(LaunchError, code="not_a_navigation", status=403):
    """Part of a page requested `/launch`: `Sec-Fetch-Dest` (Fetch Metadata) isn't `document`,
    `iframe` or `frame`. Nothing is stored, and no cookie is changed.
    """

    title = "A launch URL must be opened in a window or a frame."
    why = "Part of a page requested this URL: an image, a script, a style sheet or a fetch() call."
    plainly = OWN_WORDS
    steps = (
        ForUser("Open the app from the patient's chart."),
        "In your own page, start a launch with a link or a redirect.",
    )


class LaunchParameterMissing(LaunchError, code="launch_parameter_missing", status=400):
    """The request has no `launch`, or an empty one (SMART App Launch 2.2, step 2). The page names
    what arrived instead.
    """

    title = "The app was opened without a launch from a chart."
    why = (
        "The request has no `launch` value, which only the EHR can provide. Nothing was sent to "
        "the EHR."
    )
    plainly = Plainly(why="The app wasn't opened from a chart. Only the EHR can open the app.")
    cause = "launch_parameter_missing"
    steps = (
        ForUser(
            "Open the app from the patient's chart. A bookmark or a pasted address can't work."
        ),
        (
            "If the app was opened from the chart, the launch URL registered with the EHR must "
            "be exactly `https://HOST/launch`, without a fragment and without a redirect in "
            "between that drops the query."
        ),
        ADMINISTRATOR,
    )


class IssMissing(LaunchError, code="iss_missing", status=400):
    """Neither `iss` nor `ehr` states which EHR is launching."""

    title = "The request doesn't say which EHR launched the app."
    why = (
        "The `iss` parameter is missing or empty, so the app wasn't opened from a chart. Nothing "
        "was sent to the EHR."
    )
    plainly = Plainly(LaunchParameterMissing.title, LaunchParameterMissing.plainly.why)
    cause = LaunchParameterMissing.cause
    steps = LaunchParameterMissing.steps


class IssNotAllowed(LaunchError, code="iss_not_allowed", status=400):
    """The `iss` isn't configured. Nothing was sent to it. The log lists it with the configured
    values (`iss`, `iss_configured`).
    """

    title = "This EHR isn't configured for the app."
    why = (
        "The app doesn't recognize the FHIR base in the launch's `iss`. Nothing was sent to "
        "the EHR."
    )
    plainly = Plainly(
        "This EHR isn't set up for the app.",
        "The app doesn't recognize the EHR's address. Nothing was sent to the EHR.",
    )
    cause = "tenant_mismatch"
    steps = (
        ForUser(
            "If you opened the app from a patient's chart, give the correlation id below to your "
            "administrator. Otherwise close this page."
        ),
        (
            "If this is your EHR, add its FHIR base to `iss` in an `[[ehr]]` entry in "
            "smart.toml, exactly as the EHR sends it (see the log), and deploy again. Sandbox, "
            "production and each tenant have different FHIR bases."
        ),
    )


class DiscoveryFailed(LaunchError, code="discovery_failed", status=502):
    """The EHR's SMART configuration couldn't be fetched."""

    title = "The EHR's launch configuration couldn't be read."
    why = "The EHR didn't respond, or it responded too late."
    plainly = Plainly("The EHR didn't respond.", "The EHR or the network to it might be down.")
    cause = "ehr_side"
    steps = (
        ForUser("Launch the app again in a minute."),
        (
            "Run `make doctor CONFIG=smart.toml`. The command requests the same document and "
            "reports the cause: the network, a certificate, or the EHR."
        ),
        ADMINISTRATOR,
    )


class DiscoveryInvalid(LaunchError, code="discovery_invalid", status=502):
    """The EHR's SMART configuration is missing, lacks an endpoint, isn't a JSON object, is larger
    than 1 MB, or names a host that isn't allowed. Or the entry sets `response_iss`, and `issuer`
    doesn't have the scheme, host and port of `token_endpoint`. If so, give the entry its own
    `redirect_path` and remove `response_iss`.
    """

    title = "The EHR's launch configuration can't be used."
    why = "The EHR's .well-known/smart-configuration is missing or unusable."
    plainly = Plainly(
        "The app can't connect to this EHR.",
        "The EHR's connection details can't be used.",
    )
    cause = "ehr_side"
    steps = (
        (
            "Open `ISS/.well-known/smart-configuration` in a browser, with the EHR's FHIR base as "
            "ISS, and compare it with the EHR's documentation. If the document doesn't exist, "
            "ISS isn't the FHIR base of a SMART EHR. Correct `iss` in smart.toml."
        ),
        (
            "If an endpoint is on another host, and the EHR's operator confirms that the host "
            "belongs to the EHR, add it to `endpoint_hosts` in the `[[ehr]]` entry."
        ),
        ADMINISTRATOR,
    )
