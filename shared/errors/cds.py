"""Refused calls of an EHR to cds_services: its token, its server, its data (CDS Hooks 2.0)."""

from shared.errors.base import OWN_WORDS, CodedError


class CdsError(CodedError):
    """An EHR's call to cds_services is refused (CDS Hooks 2.0)."""

    steps: tuple[str, ...] = (
        "Compare the `[[cds_client]]` entry with the EHR's calls. The log shows the reason.",
    )


class CdsTokenInvalid(CdsError, code="cds_token_invalid", status=401):
    """The call has no token, or its token failed a check or was used before. The response doesn't
    name the check unless `error_details` is "full". The log does (`reason`), and
    [cds-hooks.md](cds-hooks.md) lists the reasons.
    """

    title = "The call's token isn't accepted."
    why = (
        "The token must be a JWT from a configured client, issued for this URL and used only once."
    )
    plainly = OWN_WORDS
    challenge = "Bearer"


class CdsKeysUnavailable(CdsError, code="cds_keys_unavailable", status=503):
    """The URL of the caller's keys (`jku`) returns no keys, so the token can't be verified."""

    title = "The keys that verify the token can't be read."
    why = "The URL of the EHR's keys (`jku`) doesn't respond, or doesn't return a key set."
    plainly = OWN_WORDS
    steps = ("Try again in a few seconds.", *CdsError.steps)
    retry_after = 5


class CdsServerDenied(CdsError, code="cds_server_denied", status=403):
    """`fhirServer` isn't an `iss` in the client's `[[ehr]]` entry. Nothing was sent to it."""

    title = "The call's FHIR server doesn't belong to this client."
    why = "`fhirServer` isn't listed in `iss` in the client's `[[ehr]]` entry."
    plainly = OWN_WORDS
    steps = ("Add the FHIR base to `iss` in `[[ehr]]`, or correct `ehr` in `[[cds_client]]`.",)


class CdsDataMissing(CdsError, code="cds_data_missing", status=412):
    """The patient, or all measured values, are missing from the prefetch and couldn't be read. The
    response names the keys.
    """

    title = "The call lacks data that every card needs."
    why = "Prefetch keys are missing or incomplete, and the data couldn't be read."
    plainly = OWN_WORDS
    steps = ("Send the prefetch that the discovery document requests, or a fhirAuthorization.",)
