"""The parameters with which EHRs open an app without a SMART launch.

Oracle Health: `fhirServiceUrl` and `patientId` if the app is registered as not Authorized, the
others in a link that a site configured in PowerChart (docs/troubleshooting.md, oracle/plain-link).
"""

UNMISTAKABLE = ("fhirServiceUrl", "PAT_PersonId", "VIS_EncntrId", "USR_PersonId")
# In place of a launch, `patientId` means the same. In other texts it can be anything.
NAMES = (*UNMISTAKABLE, "patientId")
