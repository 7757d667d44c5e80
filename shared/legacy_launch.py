"""The parameters in URLs that open an app without a SMART launch.

Oracle Health sends `fhirServiceUrl` and `patientId` if the app isn't registered as Authorized. The
others are from links that a site configured in PowerChart (docs/troubleshooting.md,
oracle/plain-link).
"""

UNMISTAKABLE = ("fhirServiceUrl", "PAT_PersonId", "VIS_EncntrId", "USR_PersonId")
# In a URL that opens the app, `patientId` is a sign of it too. In other texts it can mean anything.
NAMES = (*UNMISTAKABLE, "patientId")
