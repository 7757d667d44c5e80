"""Drafts, previews and writes a note for the chart.

GET /note/SESSION/ returns the patient and the values for a first draft. POST /note/SESSION/preview
returns the DocumentReference that POST /note/SESSION/ creates. Both POST requests send {"text": …}.
"""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from smart_calc import api

CREATININE = "http://loinc.org|2160-0,http://loinc.org|14682-9"
RELEASED = ("final", "amended", "corrected")
MOST_CHARACTERS = 10_000


@api.function
def note(call: api.Call) -> api.Reply:
    """Handle the page's requests."""
    session = call.session()
    if session.patient is None:
        return api.json({"error": "The EHR launched the app without a patient."}, status=400)
    # Only these paths exist, so that no other spelling of the preview's path can write.
    match call.method, call.path:
        case "GET" | "HEAD", "/":
            return api.json(_start(session))
        case "POST", "/" | "/preview":
            return _preview_or_create(call, session)
        case _, "/" | "/preview":
            return api.json({"error": f"{call.method} isn't allowed here."}, status=405)
    return api.json({"error": "There is nothing at this URL."}, status=404)


def _preview_or_create(call: api.Call, session: api.Session) -> api.Reply:
    text = api.at(call.json(), "text")
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_CHARACTERS:
        return api.json({"error": "Write a note of up to 10,000 characters."}, status=400)
    document = _document(session, text.strip())
    if call.path == "/preview":
        return api.json(document)
    return api.json(session.create(document), status=201)


def _start(session: api.Session) -> api.Resource:
    """Return the patient, and the newest released creatinine with its unit and time.

    The creatinine is null if another one could be newer, or if its value isn't exact, as "< 0.2".
    """
    # Don't use _sort, which some EHRs refuse.
    result = session.search("Observation", {"code": CREATININE}, pages=20)
    # Key the results by id, because some EHRs repeat a result on the next page.
    released = {one["id"]: one for one in result.resources if one.get("status") in RELEASED}
    newest = _newest(released.values()) if result.complete else {}
    value = api.at(newest, "valueQuantity")
    return {
        "patient": session.read("Patient", session.patient),
        "creatinine": None if api.at(value, "comparator") else value,
        "measured": newest.get("effectiveDateTime"),
    }


def _newest(results: Iterable[api.Resource]) -> api.Resource:
    """Return the result that was measured last, or {} if the times don't show which one that is."""
    *others, newest = sorted(results, key=_earliest) or [{}]
    return {} if any(_latest(one) > _earliest(newest) for one in others) else newest


def _earliest(observation: api.Resource) -> datetime:
    return _measured(observation)[0]


def _latest(observation: api.Resource) -> datetime:
    return _measured(observation)[1]


def _measured(observation: api.Resource) -> tuple[datetime, datetime]:
    """Return the earliest and the latest time at which it could have been measured."""
    text = observation.get("effectiveDateTime")
    try:
        moment = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        # It has a period, only a year or month, or no time.
        return datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    if moment.tzinfo:
        return moment, moment
    # It's a day, in an unknown time zone.
    day = moment.replace(tzinfo=UTC)
    return day - timedelta(hours=14), day + timedelta(hours=36)


def _document(session: api.Session, text: str) -> api.Resource:
    """Return the note as a DocumentReference. Many EHRs accept only some types."""
    progress_note = {"system": "http://loinc.org", "code": "11506-3", "display": "Progress note"}
    document: dict[str, api.Json] = {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "preliminary",
        "type": {"coding": [progress_note], "text": "Progress note"},
        "subject": {"reference": f"Patient/{session.patient}"},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    # Replace half a character, which a cut can leave, with "?".
                    "data": base64.b64encode(text.encode(errors="replace")).decode(),
                }
            }
        ],
    }
    author = api.at(session.user, "fhirUser")
    if isinstance(author, str) and "/Practitioner/" in author:
        document["author"] = [{"reference": f"Practitioner/{author.rpartition('/')[2]}"}]
    if session.encounter is not None:
        document["context"] = {"encounter": [{"reference": f"Encounter/{session.encounter}"}]}
    return document
