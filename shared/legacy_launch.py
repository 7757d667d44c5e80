"""The parameters with which EHRs open an app as something else than a SMART launch.

Oracle Health: `fhirServiceUrl` and `patientId` where the app is registered as not Authorized, the
others in a link that a site configured in PowerChart (docs/troubleshooting.md, oracle/plain-link).
"""

UNMISTAKABLE = ("fhirServiceUrl", "PAT_PersonId", "VIS_EncntrId", "USR_PersonId")
# Where a launch was expected, `patientId` tells the same; in a text it may be anything.
NAMES = (*UNMISTAKABLE, "patientId")
