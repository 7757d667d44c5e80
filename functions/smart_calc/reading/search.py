"""The result of one search of the page, in words (shared/fhir/reader.py runs it)."""

from clinical.queries import Search
from shared.errors import PatientDenied, ScopeDenied, UpstreamTimeout
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.reader import Found, Reader
from shared.fhir.searchset import Resource
from shared.frozen import dataclass

LATE = f"could not be read ({UpstreamTimeout.briefly})"
NO_ACCESS = "could not be read: the EHR did not give this app access"


@dataclass(frozen=True, slots=True)
class Part:
    """The result of one search.

    `problem` tells a clinician why it failed or is incomplete ("could not be read (HTTP 403)"), and
    `technical` tells support. `unanswered` are the inputs that this leaves open. `more` means that
    the EHR has further pages that weren't read, and `is_foreign` that it returned another patient.
    `set_aside` counts the resources that aren't the patient's.
    """

    resources: tuple[Resource, ...] = ()
    problem: str | None = None
    unanswered: frozenset[str] = frozenset()
    more: bool = False
    technical: str = ""
    is_foreign: bool = False
    set_aside: int = 0


def run(reader: Reader[Search], search: Search) -> Part:
    """Return the result of a search or its fallbacks. Raises SessionError if it has ended."""
    parts = [_part(one, found, reader.access.ehr.vendor) for one, found in reader.run(search)]
    return parts[0] if len(parts) == 1 else _joined(parts)


def _part(search: Search, found: Found, vendor: str) -> Part:
    """Return what a search found, in words."""
    problem, technical = "", ""
    if isinstance(found.error, ScopeDenied):
        problem, technical = NO_ACCESS, found.error.why
    elif isinstance(found.error, PatientDenied):
        problem = "could not be read (the EHR returned a different patient)"
    elif found.error is not None:
        reason = found.error.briefly or found.error.title.rstrip(".")
        problem = f"could not be read ({reason})"
    elif found.refused is not None:
        problem, technical = _refusal(found.refused.status), _meaning(found.refused, vendor)
    return Part(
        found.resources,
        problem or None,
        search.answers if problem else frozenset(),
        found.more or bool(problem and found.resources),
        technical,
        isinstance(found.error, PatientDenied),
        found.set_aside,
    )


def _joined(parts: list[Part]) -> Part:
    problems = dict.fromkeys(part.problem for part in parts if part.problem)
    return Part(
        tuple(resource for part in parts for resource in part.resources),
        "; ".join(problems) or None,
        frozenset().union(*(part.unanswered for part in parts)),
        any(part.more for part in parts),
        "; ".join(dict.fromkeys(part.technical for part in parts if part.technical)),
        set_aside=sum(part.set_aside for part in parts),
    )


def _meaning(refused: FhirAnswer, vendor: str) -> str:
    """Return what the EHR's message means, for support."""
    if not refused.words:
        return ""
    from shared.explain import of_fhir

    diagnosis = of_fhir.of_fhir(refused.status, refused.words, vendor)
    if diagnosis is None:
        return ""
    return f"HTTP {refused.status}: {diagnosis.meaning.replace('`', '')}"


def _refusal(status: int) -> str:
    """Return why the EHR refused, for a clinician; its own message is for support."""
    why = f"could not be read (HTTP {status})"
    if status in (429, 503):
        return f"{why}: the EHR is busy now; wait a minute, then try again"
    if status in (401, 403):
        # The scopes were checked before the call, so the EHR has another reason.
        return f"{why}: the EHR denied access"
    return why
