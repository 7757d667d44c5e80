"""Two synthetic documents of a patient as Binary resources, for tests of streaming and of media
types, and a DocumentReference to the first (FHIR R4).
"""

import base64
import json
from collections.abc import Iterator
from datetime import date

from simulator.charts.resources import Resource

PATIENT = "synthetic-alma"
_TEXT = "Synthetic discharge note. No real patient.\n"


def documents(day: date) -> Iterator[Resource]:
    """Yield a text, a DocumentReference to it, and a one-line PDF, all dated `day`."""
    yield _reference(f"{PATIENT}-document", f"{PATIENT}-document-text", day)
    yield _binary(f"{PATIENT}-document-text", "text/plain; charset=utf-8", _TEXT.encode(), day)
    yield _binary(f"{PATIENT}-document-pdf", "application/pdf", _pdf("Synthetic report"), day)


def _reference(fhir_id: str, binary: str, day: date) -> Resource:
    note = {"system": "http://loinc.org", "code": "18842-5", "display": "Discharge summary"}
    body = {
        "resourceType": "DocumentReference",
        "id": fhir_id,
        "meta": {"versionId": "1", "lastUpdated": f"{day}T15:00:00Z"},
        "status": "current",
        "type": {"coding": [note], "text": "Discharge summary"},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "date": f"{day}T15:00:00Z",
        "content": [{"attachment": {"contentType": "text/plain", "url": f"Binary/{binary}"}}],
    }
    return Resource("DocumentReference", fhir_id, PATIENT, json.dumps(body), body)


def _binary(fhir_id: str, content_type: str, content: bytes, day: date) -> Resource:
    body = {
        "resourceType": "Binary",
        "id": fhir_id,
        "meta": {"versionId": "1", "lastUpdated": f"{day}T15:00:00Z"},
        "contentType": content_type,
        "securityContext": {"reference": f"Patient/{PATIENT}"},
        "data": base64.b64encode(content).decode("ascii"),
    }
    return Resource("Binary", fhir_id, PATIENT, json.dumps(body), body)


def _pdf(line: str) -> bytes:
    """Write a one-page PDF (ISO 32000-1, 7.5): objects, their table, trailer."""
    drawn = f"BT /F1 18 Tf 40 100 Td ({line}) Tj ET"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    fonts = f"/Resources << /Font << /F1 {font} >> >>"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R {fonts} >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
    )
    text, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    return f"{text}xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode("ascii")
