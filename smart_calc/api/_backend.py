"""Access to an EHR without a user, for jobs: SMART Backend Services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from smart_calc.api._product import product, value_of
from smart_calc.api._session import Found, found
from smart_calc.api._values import Resource, dumps


@dataclass(frozen=True, slots=True)
class Backend:
    """Requests to one EHR as a backend service, with the granted `system/` scopes.

    `call.backend` returns it. It's valid until you respond. It has the checks, limits and errors of
    `api.Session`, and you can call its methods from several threads. If the EHR refuses the token
    (401), smart-calc fetches a new one and repeats a read, but never a change.

    Attributes:
        ehr: the key of the EHR's registration in smart.toml.
        patient: the id of the only patient that it reads and writes, or None for all patients that
            the scopes allow.

    Example:
        ehr = call.backend("epic")
        return api.json({"ehr": ehr.ehr})

    """

    ehr: str
    patient: str | None
    _mark: object = field(repr=False)

    def read(self, type: str, id: str) -> Resource:  # noqa: A002 - FHIR's terms
        """Return one resource. Numbers with a fraction are `decimal.Decimal`.

        Needs a scope with `r`, such as `system/Patient.r`.

        Example:
            patient = ehr.read("Patient", "eq081-VQEgP8drUUqCWzHfw3")

        """
        return value_of(product().read(self._mark, type, id))

    def search(
        self,
        type: str,  # noqa: A002 - FHIR's term
        parameters: Mapping[str, str | Sequence[str]] = MappingProxyType({}),
        pages: int = 1,
    ) -> Found:
        """Return the matches of a search.

        Needs a scope with `s`. The arguments and limits are the same as in `Session.search`: at
        most 20 pages and 20 MB. If `complete` is False, there are more matches: split the search,
        for example by date.

        Example:
            found = ehr.search("Observation", {"date": "ge2026-12-01"}, pages=20)
            if not found.complete:
                return api.json({"error": "Too many results for one search."}, status=500)

        """
        return found(self._mark, type, parameters, pages, own_patient=False)

    def create(self, resource: Resource) -> Resource:
        """Create a resource and return it as the EHR stored it, with its id.

        Needs a scope with `c`. Without `r`, only the type and id are returned. A job can run twice,
        so search before you create.

        Example:
            identifier = {"system": "https://example.org/jobs", "value": "report-2026-12-01"}
            flag: api.Resource = {
                "resourceType": "Flag",
                "identifier": [identifier],
                "status": "active",
                "code": {"text": "Missing potassium"},
                "subject": {"reference": f"Patient/{ehr.patient}"},
            }
            name = {"identifier": "|".join(identifier.values())}
            if not ehr.search("Flag", name).resources:
                ehr.create(flag)

        """
        return value_of(
            product().write(self._mark, resource, dumps(resource), is_new=True, if_match=None)
        )

    def update(self, resource: Resource, if_match: str | None = None) -> Resource:
        """Replace the resource that has this `id`, and return it as the EHR stored it.

        Needs a scope with `u`. The update succeeds only if the EHR still has the version that it
        replaces (status 412 otherwise), as in `Session.update`.

        Example:
            flag = ehr.read("Flag", "123")
            ehr.update({**flag, "status": "inactive"})

        """
        body = dumps(resource)
        return value_of(
            product().write(self._mark, resource, body, is_new=False, if_match=if_match)
        )
