"""An EHR that calls cds_services: its token, its server, its data (CDS Hooks 2.0)."""

from shared.errors.base import SmartError


class CdsError(SmartError):
    """A call of an EHR to cds_services that is not served (CDS Hooks 2.0)."""

    steps: tuple[str, ...] = (
        "Compare the [[cds_client]] entry with what the EHR sends: the log has the reason.",
    )


class CdsTokenInvalid(CdsError):
    """The caller's JWT is missing, failed a check, or came before. Which of these, only the log
    says: one text for all of them, unless `error_details` is "full".
    """

    code = "cds_token_invalid"
    status = 401
    title = "The token of the call is not accepted."
    why = "It must be a JWT of a configured client, made for this address and used once."
    challenge = "Bearer"


class CdsKeysUnavailable(CdsError):
    """The keys at the client's `jku` cannot be had, so nothing can be verified."""

    code = "cds_keys_unavailable"
    status = 503
    title = "The keys that verify the token cannot be read."
    why = "The address of the EHR's keys (`jku`) does not answer, or not with a set of keys."
    steps = ("Call again in some seconds.", *CdsError.steps)
    retry_after = 5


class CdsServerDenied(CdsError):
    """`fhirServer` is none of the FHIR bases of the client's EHR; nothing was sent to it."""

    code = "cds_server_denied"
    status = 403
    title = "The FHIR server of the call is not one of this client's."
    why = "`fhirServer` is not among the `iss` of the client's [[ehr]] entry."


class CdsDataMissing(CdsError):
    """What no card can do without is neither in the prefetch nor to be read."""

    code = "cds_data_missing"
    status = 412
    title = "The call lacks data that no card can do without."
    why = "Keys of the prefetch are missing or incomplete, and could not be read."
    steps = ("Send the prefetch that the discovery document asks for, or a fhirAuthorization.",)
