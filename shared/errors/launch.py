"""A launch that cannot begin: which EHR, and what it says of itself."""

from shared.errors.base import ADMINISTRATOR, OWN_WORDS, Plainly, SmartError
from shared.findings import ForUser


class LaunchError(SmartError):
    """The launch cannot begin."""


class NotANavigation(LaunchError, code="not_a_navigation", status=403):
    """`/launch` was asked for by a part of a page: `Sec-Fetch-Dest` (Fetch Metadata) is none of
    `document`, `iframe`, `frame`. Nothing is stored, no cookie touched.
    """

    title = "A launch begins by opening its address in a window or a frame."
    why = "A part of some page asked for it: an image, a script, a style sheet or a fetch()."
    plainly = OWN_WORDS
    steps = (
        ForUser("Open the app from the patient's chart."),
        "In your own page, begin a launch by a link or a redirect.",
    )


class LaunchParameterMissing(LaunchError, code="launch_parameter_missing", status=400):
    """No `launch`, or an empty one (SMART App Launch 2.2, step 2); names what came instead."""

    title = "The app was opened without a launch from a chart."
    why = "The request carries no `launch` value, which only the EHR can give."
    plainly = Plainly(why="It was not opened from a chart; only the EHR can open it.")
    cause = "launch_parameter_missing"
    steps = (
        ForUser(
            "Open the app from the patient's chart; a bookmark or a pasted address cannot work."
        ),
        (
            "If it was opened from the chart: the launch URL registered at the EHR must be "
            "`https://HOST/launch` exactly, without a fragment and without a redirect in between "
            "that drops the query."
        ),
        ADMINISTRATOR,
    )


class IssMissing(LaunchError, code="iss_missing", status=400):
    """Neither `iss` nor `ehr` says which EHR is launching."""

    title = "The request does not say which EHR launched the app."
    why = "The `iss` parameter is absent or empty: the app was not opened from a chart."
    plainly = Plainly(LaunchParameterMissing.title, LaunchParameterMissing.plainly.why)
    cause = LaunchParameterMissing.cause
    steps = LaunchParameterMissing.steps


class IssNotAllowed(LaunchError, code="iss_not_allowed", status=400):
    """`iss` is not configured; nothing was sent to it. The log has it beside the configured ones
    (`iss`, `iss_configured`).
    """

    title = "This EHR is not configured for the app."
    why = "The app does not know its address, the `iss` of the launch; nothing was sent to it."
    plainly = Plainly(
        "This EHR is not set up for the app.",
        "The app does not know its address; nothing was sent to it.",
    )
    cause = "tenant_mismatch"
    steps = (
        ForUser(
            "If you opened the app from a patient's chart, give the correlation id below to your "
            "administrator. Otherwise close this page."
        ),
        (
            "If it is an EHR of yours: add its FHIR base to `iss` of an `[[ehr]]` entry in "
            "smart.toml, exactly as the EHR sends it (the log has it), and deploy again. Sandbox "
            "and production, and each tenant, have a FHIR base of their own."
        ),
    )


class DiscoveryFailed(LaunchError, code="discovery_failed", status=502):
    """The EHR's SMART configuration could not be fetched."""

    title = "The EHR's launch configuration could not be read."
    why = "The EHR did not answer, or not in time."
    plainly = Plainly("The EHR did not answer.", "It may be down, or the network on the way to it.")
    cause = "ehr_side"
    steps = (
        ForUser("Launch the app again in a minute."),
        (
            "Run `make doctor CONFIG=smart.toml`: it asks for the same document and says what "
            "stands in the way: the network, a certificate, or the EHR."
        ),
        ADMINISTRATOR,
    )


class DiscoveryInvalid(LaunchError, code="discovery_invalid", status=502):
    """The EHR's SMART configuration is missing, lacks an endpoint, is no JSON object, has more than
    1 MB, or names a foreign host; or the entry sets `response_iss`, and `issuer` isn't at the
    scheme, host and port of `token_endpoint`: give the entry its own `redirect_path` and remove
    `response_iss`.
    """

    title = "The EHR's launch configuration cannot be used."
    why = "Its .well-known/smart-configuration is missing, or its answer is of no use."
    plainly = Plainly(
        "The app cannot connect to this EHR.",
        "What the EHR says of how to connect to it cannot be used.",
    )
    cause = "ehr_side"
    steps = (
        (
            "Open `ISS/.well-known/smart-configuration` in a browser, where ISS is the EHR's FHIR "
            "base, and compare it with what the EHR's documentation promises. If there is none, "
            "ISS is not the FHIR base of a SMART EHR: correct `iss` in smart.toml."
        ),
        (
            "If an endpoint lives on a further host, and the EHR's operator confirms that it is "
            "theirs, add that host to `endpoint_hosts` of the `[[ehr]]` entry."
        ),
        ADMINISTRATOR,
    )
