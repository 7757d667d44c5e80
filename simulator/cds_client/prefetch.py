"""Resolves the prefetch of a call from the chart, with the same results as the EHR's FHIR server
(CDS Hooks 2.0, Prefetch Template).
"""

import json
import re
from collections.abc import Mapping

from simulator import trace
from simulator.cds.templates import Query, Read, TemplateInvalidError, filled
from simulator.cds.token import ELSEWHERE
from simulator.fhir.bundle import Result, SearchPage
from simulator.fhir.outcome import FhirError
from simulator.vendors.installation import Installation

# Entries per page under these faults.
_FEW = {"cds-prefetch-next": "4", "cds-prefetch-next-elsewhere": "1"}
_REFERENCE = re.compile(r'("reference"\s*:\s*")([A-Z][A-Za-z]+/)')


class Prefetching:
    """Resolves the templates of one call; `token` gives access to the `next` links."""

    def __init__(
        self, ehr: Installation, patient: str, token: str, triggered: frozenset[str]
    ) -> None:
        self._ehr = ehr
        self._patient = patient
        self._token = token
        self._triggered = triggered

    def values(
        self, templates: Mapping[str, str], tokens: Mapping[str, str | None]
    ) -> Mapping[str, str]:
        """Return the JSON text of each key, without keys that can't be resolved."""
        texts: dict[str, str] = {}
        for name, template in templates.items():
            try:
                requested = filled(template, tokens)
            except TemplateInvalidError as error:
                trace.note("wrong", name, f"can't resolve the template: {error}")
                continue
            if requested is None:
                trace.note("noted", name, "left out: the chart has no value for its token")
                continue
            text = (
                self._read(requested)
                if isinstance(requested, Read)
                else self._searched(name, requested)
            )
            if text is not None:
                texts[name] = self._as_sent(text)
        if "cds-prefetch-other-patient" in self._triggered:
            self._mix(texts)
        return texts

    def _read(self, requested: Read) -> str:
        resource = self._ehr.charts.find(requested.type, requested.id)
        if resource is None or resource.patient not in (None, self._patient):
            return "null"
        return resource.text

    def _searched(self, name: str, requested: Query) -> str:
        try:
            bundle = self._bundle(requested)
        except FhirError as error:
            trace.note("wrong", name, f"the FHIR server refuses the search: {error}")
            issue = {"severity": "error", "code": error.code, "diagnostics": error.diagnostics}
            return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
        if "cds-prefetch-next-elsewhere" in self._triggered:
            return bundle.replace(f"{self._ehr.addresses.fhir_base}?_getpages", f"{ELSEWHERE}?_x")
        return bundle

    def _bundle(self, requested: Query) -> str:
        base, fhir = self._ehr.addresses.fhir_base, self._ehr.profile.fhir
        pairs = list(requested.pairs)
        for fault in self._triggered & _FEW.keys():
            others = [(name, value) for name, value in pairs if name != "_count"]
            pairs = [*others, ("_count", _FEW[fault])]
        try:
            query = fhir.search(requested.type, pairs, base)
        except FhirError:
            # The client resolves templates itself, so it can leave out a sort that the server
            # refuses.
            query = fhir.search(requested.type, [one for one in pairs if one[0] != "_sort"], base)
        mine = (
            one for one in self._ehr.charts.of_type(requested.type) if one.patient == self._patient
        )
        matches = query.run(mine)
        if not matches and self._ehr.profile.cds.empty_has_outcome:
            return _NOTHING
        pages = [SearchPage(shown) for shown in fhir.pages(query, matches)]
        self_url = f"{base}/{requested.type}"
        return self._ehr.pages.first(Result(pages, len(matches), self._token), self_url)

    def _as_sent(self, text: str) -> str:
        if not self._ehr.profile.cds.absolute:
            return text
        base = f"{self._ehr.addresses.fhir_base}/"
        return _REFERENCE.sub(lambda match: f"{match[1]}{base}{match[2]}", text)

    def _mix(self, texts: dict[str, str]) -> None:
        """Add another patient's Observation to the first key that has Observations."""
        stranger = next(
            one for one in self._ehr.charts.of_type("Observation") if one.patient != self._patient
        )
        for name, text in texts.items():
            if '"resourceType": "Observation"' in text or '"resourceType":"Observation"' in text:
                body = json.loads(text)
                body["entry"].append({"resource": json.loads(self._as_sent(stranger.text))})
                texts[name] = json.dumps(body)
                return
        texts["labs"] = self._as_sent(stranger.text)


_NO_RESULTS = {
    "coding": [{"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369", "code": "4101"}],
    "text": "Resource request returns no results.",
}
_ISSUE = {"severity": "warning", "code": "processing", "details": _NO_RESULTS}
_OUTCOME = {"resourceType": "OperationOutcome", "issue": [_ISSUE]}
_ENTRIES = [{"resource": _OUTCOME, "search": {"mode": "outcome"}}]
_NOTHING = json.dumps(
    {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": _ENTRIES}
)
