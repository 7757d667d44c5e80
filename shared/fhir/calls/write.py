"""Make a change at the EHR: send it once, for the checked version, and check the response.

FHIR R4 http.html, "update", "patch", "delete", "create". Under patient/ scopes, the resource is
read before it's changed, because its current content must also be about the launch's patient. If
the EHR sends its version, If-Match restricts the change to it, and If-None-Match to a resource that
doesn't exist.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import replace

from shared import fhir_id, urls
from shared.errors import (
    ADMINISTRATOR,
    ParameterInvalid,
    PatientDenied,
    PatientUnproved,
    UpstreamError,
    UpstreamInvalid,
    UpstreamTimeout,
    VersionConflict,
)
from shared.fhir import fhir_client
from shared.fhir.access import Access
from shared.fhir.calls.conditional import HEADER_VALUE, includes
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import answers, write_policy
from shared.fhir.policy.content import Content
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.disclosing import lacks_proof, releasable
from shared.fhir.policy.interactions import Address
from shared.fhir.references import Target, parse
from shared.json_members import fields

_PREFERENCE = re.compile(r"return=(?:minimal|representation|OperationOutcome)")
_REPRESENTATION = "return=representation"
_UNCHANGED = 304
# The headers with the URL of a written resource.
LOCATIONS = ("Location", "Content-Location")
_UNCERTAIN = "It's unknown whether the EHR made the change."


def write(
    content: Content, decision: Decision, access: Access, headers: Mapping[str, str]
) -> FhirAnswer:
    """Make the change that was decided on. The EHR's own refusal, including one of the preceding
    read, is returned unchanged.
    """
    until = time.monotonic() + fhir_client.SECONDS
    address = decision.address
    url = f"{access.fhir_base}/{address.path}"
    sent = _request_headers(decision, headers)
    if decision.level == "patient" and address.interaction.patient_rule in {"now", "now, sent"}:
        current = fhir_client.call(access, "GET", url)
        if current.status == 200:
            _require_own(current, decision)
            if not _pin_version(version_of(current.headers, current.resource), sent):
                raise VersionConflict(evidence=current.ehr_ids)
            write_policy.require_own_result(content, current.body, decision)
        elif current.status == 404 and address.interaction.body == "resource":
            if "If-Match" in sent:
                raise VersionConflict(evidence=current.ehr_ids)
            sent["If-None-Match"] = "*"
        else:
            answers.check_written(current, decision)
            return current
    remaining = until - time.monotonic()
    if remaining <= 0:
        raise UpstreamTimeout
    try:
        answer = fhir_client.write(
            access, address.method, url, headers=sent, body=content.body, seconds=remaining
        )
    except UpstreamError as error:
        steps = ("Read or search before trying again.", ADMINISTRATOR)
        raise error.again(why=f"{error.why} {_UNCERTAIN}", steps=steps) from None
    answers.check_written(answer, decision)
    return answer if decision.returns else _without_content(answer, address)


def _without_content(answer: FhirAnswer, address: Address) -> FhirAnswer:
    """Return the part of a response that an app without `r` may see. After a patch, that doesn't
    include the version and the OperationOutcome, which could confirm a guessed value by showing
    whether the patch changed anything.
    """
    succeeded = answer.status < 300
    if address.interaction.body == "patch" and (succeeded or answer.status == _UNCHANGED):
        return FhirAnswer(200, {}, b"", None, answer.ehr_ids)
    if not succeeded or answer.resource is None:
        return answer
    is_remark = answer.resource["resourceType"] == "OperationOutcome"
    return answer if is_remark else replace(answer, body=b"", resource=None)


def version_of(headers: Mapping[str, str], resource: Mapping[str, object]) -> str:
    """Return the version of a read resource as an entity tag, or "" if the EHR sends none."""
    tag = headers.get("etag", "").strip()
    if HEADER_VALUE.fullmatch(tag):
        return tag
    # FHIR R4 http.html, "Versioning": the tag is the version's id, weakly compared.
    version = fields(resource.get("meta")).get("versionId")
    is_id = isinstance(version, str) and re.fullmatch(fhir_id.PATTERN, version)
    return f'W/"{version}"' if is_id else ""


def place_of(
    headers: Mapping[str, str], name: str, resource_type: str, fhir_base: str
) -> Target | None:
    """Return what a header of the response names as the written resource, None if it isn't a
    resource of the type on the FHIR base.
    """
    url = urls.on_own_host(headers.get(name.lower(), ""), fhir_base, resource_type)
    target = parse(url, fhir_base) if url else None
    return target if target and target.type == resource_type else None


def _pin_version(version: str, sent: dict[str, str]) -> bool:
    """Restrict a change to the version that was checked. Return False if it names another one.

    An unchecked version is never sent (RFC 9110 13.1.1): by the time the EHR compares it, it may be
    the current one.
    """
    if not version:
        return True
    given, sent["If-Match"] = sent.get("If-Match", "*"), version
    return includes(given, version)


def _request_headers(decision: Decision, headers: Mapping[str, str]) -> dict[str, str]:
    sent = {}
    media_type = next(iter(decision.address.interaction.media_types), None)
    if media_type is not None:
        sent["Content-Type"] = media_type
    condition = headers.get("If-Match")
    if condition is not None:
        if HEADER_VALUE.fullmatch(condition) is None:
            raise ParameterInvalid("The If-Match header can't be forwarded.")
        sent["If-Match"] = condition
    for preference in headers.get("Prefer", "").split(","):
        if _PREFERENCE.fullmatch(preference.strip()):
            sent["Prefer"] = preference.strip()
    if sent.get("Prefer") == _REPRESENTATION and not decision.returns:
        sent["Prefer"] = "return=minimal"
    return sent


def _require_own(current: FhirAnswer, decision: Decision) -> None:
    if current.resource["resourceType"] != (expected := decision.address.type):
        raise UpstreamInvalid(evidence={"expected": expected})
    if releasable(current.resource, decision):
        return
    if lacks_proof(current.resource, decision):
        raise PatientUnproved(why="The resource names no patient. The resource wasn't changed.")
    raise PatientDenied(
        why="The resource doesn't belong to the launch's patient. The resource wasn't changed."
    )
