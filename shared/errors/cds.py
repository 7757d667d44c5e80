"""An EHR that calls cds_services: its token, its server, its data (CDS Hooks 2.0)."""

from shared.errors.base import OWN_WORDS, SmartError


class CdsError(SmartError):
    """A call of an EHR to cds_services that is not served (CDS Hooks 2.0)."""

    steps: tuple[str, ...] = (
        "Compare the `[[cds_client]]` entry with what the EHR sends: the log has the reason.",
    )


class CdsTokenInvalid(CdsError, code="cds_token_invalid", status=401):
    """No token, or one that failed a check or came before. The answer says no more, unless
    `error_details` is "full"; the log's `reason` does: [cds-hooks.md](cds-hooks.md) lists the
    reasons.
    """

    title = "The token of the call is not accepted."
    why = "It must be a JWT of a configured client, made for this address and used once."
    plainly = OWN_WORDS
    challenge = "Bearer"


class CdsKeysUnavailable(CdsError, code="cds_keys_unavailable", status=503):
    """The address of the caller's keys (`jku`) gives none, so nothing can be verified."""

    title = "The keys that verify the token cannot be read."
    why = "The address of the EHR's keys (`jku`) does not answer, or not with a set of keys."
    plainly = OWN_WORDS
    steps = ("Call again in some seconds.", *CdsError.steps)
    retry_after = 5


class CdsServerDenied(CdsError, code="cds_server_denied", status=403):
    """`fhirServer` is no `iss` of the client's `[[ehr]]`; nothing was sent to it."""

    title = "The FHIR server of the call is not one of this client's."
    why = "`fhirServer` is not among the `iss` of the client's `[[ehr]]` entry."
    plainly = OWN_WORDS
    steps = (
        "Add the FHIR base to `iss` of the `[[ehr]]`, or correct `ehr` of the `[[cds_client]]`.",
    )


class CdsDataMissing(CdsError, code="cds_data_missing", status=412):
    """Neither in the prefetch nor to be read: the patient, or all measured values. Names the
    keys.
    """

    title = "The call lacks data that no card can do without."
    why = "Keys of the prefetch are missing or incomplete, and could not be read."
    plainly = OWN_WORDS
    steps = ("Send the prefetch that the discovery document asks for, or a fhirAuthorization.",)
