"""Functions of your own that read and write the EHR's FHIR data: in a user's session, or as a job
without a user.

They never see an access token. Each request to the EHR passes the same checks, in the same code, as
a request from your page to `fhir_proxy`. Code in the process is trusted: this guards against
mistakes and injected data, not against the function's own author.
"""

from smart_calc.api._backend import Backend
from smart_calc.api._errors import EhrError, SmartError
from smart_calc.api._function import Call, JobCall, function, job
from smart_calc.api._replies import Reply, html, json
from smart_calc.api._session import Found, Session
from smart_calc.api._values import Json, Resource, at

__all__ = [
    "Backend",
    "Call",
    "EhrError",
    "Found",
    "JobCall",
    "Json",
    "Reply",
    "Resource",
    "Session",
    "SmartError",
    "at",
    "function",
    "html",
    "job",
    "json",
]
