"""Functions of your own that read and write the EHR's FHIR data in a user's session.

They never see an access token: each request to the EHR passes the same checks as a request of your
page to `fhir_proxy`, in the same code. Code in the process is trusted: this guards against mistakes
and injected data, not against the function's own author.
"""

from smart_calc.api._errors import EhrError, SmartError
from smart_calc.api._function import Call, function
from smart_calc.api._replies import Reply, html, json
from smart_calc.api._session import Found, Session
from smart_calc.api._values import Json, Resource, at

__all__ = [
    "Call",
    "EhrError",
    "Found",
    "Json",
    "Reply",
    "Resource",
    "Session",
    "SmartError",
    "at",
    "function",
    "html",
    "json",
]
