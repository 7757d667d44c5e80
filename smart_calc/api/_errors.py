"""The two exceptions for a failed request to the EHR. They contain no secrets."""

from smart_calc.api._values import Resource


class SmartError(Exception):
    """smart-calc refused the request, or the request failed. `fhir_proxy` reports the same error.

    If you don't catch it, or raise it again, the response has its code and status, as a page or as
    problem+json. Don't create one to raise it, because the response is then 500. Return `api.json`
    with a status instead.

    Attributes:
        code: one of the codes in errors.md, such as "scope_denied" or "upstream_timeout".
        status: the HTTP status of that code.

    Example:
        try:
            result = session.search("DocumentReference")
        except api.SmartError as error:
            if error.code != "scope_denied":
                raise
            return api.json({"documents": None})

    """

    def __init__(self, code: str, status: int, text: str = "", mark: object = None) -> None:
        super().__init__(text or code)
        self.code = code
        self.status = status
        self._mark = mark


class EhrError(Exception):
    """The EHR refused the request, with a 4xx status.

    If you don't catch it, or raise it again, the response has the code `ehr_refused`, the EHR's
    status and its Retry-After. If you raise one that you created, the response is 500.

    Attributes:
        status: the EHR's HTTP status, such as 404 or 422.
        outcome: its OperationOutcome, or one that states that the EHR sent none.

    Example:
        try:
            note = session.read("DocumentReference", "123")
        except api.EhrError as error:
            if error.status != 404:
                raise
            return api.json({"note": None}, status=404)

    """

    def __init__(self, status: int, outcome: Resource, text: str = "", mark: object = None) -> None:
        super().__init__(text or f"The EHR responded with status {status}.")
        self.status = status
        self.outcome = outcome
        self._mark = mark
