"""A user's session with the EHR: its launch context, and requests to the EHR's FHIR API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import EllipsisType, MappingProxyType

from smart_calc.api._product import product, value_of
from smart_calc.api._values import Json, Resource, at, dumps


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search.

    Attributes:
        resources: the matches, in the EHR's order, without the resources that `_include`
            added. Some EHRs repeat the last match of a page on the next page.
        complete: whether these are all the matches. If False, there are more pages.

    Example:
        result = session.search("Condition", {"clinical-status": "active"}, pages=5)
        return api.json({"problems": len(result.resources), "all": result.complete})

    """

    resources: Sequence[Resource]
    complete: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One launch: its user and patient, and requests to the EHR on the user's behalf.

    `call.session()` returns it. It's valid until you respond. Its methods raise `api.SmartError`
    if smart-calc refuses a request or the request fails, and `api.EhrError` if the EHR refuses it.
    You can call them from several threads.

    Attributes:
        patient: the id of the patient in context, or None.
        encounter: the id of the encounter in context, or None.
        user: `sub`, `fhirUser` and `name` of the authenticated user, or None. `fhirUser` is an
            absolute URL, such as https://EHR/r4/Practitioner/123.
        ehr: the key of the EHR's registration in smart.toml.
        context: the launch context as `GET /fhir_proxy/SESSION/session` returns it (own-app.md).

    Example:
        session = call.session()
        return api.json({"patient": session.patient, "intent": session.context["intent"]})

    """

    patient: str | None
    encounter: str | None
    user: Mapping[str, Json] | None
    ehr: str
    context: Mapping[str, Json]
    _mark: object = field(repr=False)

    def read(self, type: str, id: str | None) -> Resource:  # noqa: A002 - FHIR's terms
        """Return one resource. Numbers with a fraction are `decimal.Decimal`.

        Needs a scope with `r`. Under patient/ scopes, a resource about another patient is refused
        (`patient_denied`). If the id is None, `patient_missing` is raised, so you can pass
        `session.patient` unchecked.

        Example:
            patient = session.read("Patient", session.patient)
            return api.json({"born": patient.get("birthDate")})

        """
        return value_of(product().read(self._mark, type, id))

    def search(
        self,
        type: str,  # noqa: A002 - FHIR's term
        parameters: Mapping[str, str | Sequence[str]] = MappingProxyType({}),
        pages: int = 1,
        patient: EllipsisType | None = ...,
    ) -> Found:
        """Return the matches of a search.

        Needs a scope with `s`. The search is restricted to the patient in context, and so is its
        result, whatever the scopes allow. With `patient=None` it covers all patients that the
        scopes allow. For types that aren't about a patient, such as Practitioner, no restriction is
        added. Types that don't name their patient reliably, such as AuditEvent, can only be
        searched with `patient=None` (`patient_denied` otherwise).

        Args:
            type: a FHIR resource type.
            parameters: FHIR search parameters. A list repeats the parameter, which means AND. An
                EHR refuses a parameter that it doesn't support, or ignores it: Epic ignores it
                without a message, so check in Python that the results match.
            pages: number of pages to read, at most 20. Reading stops at 20 MB and after 60 seconds.
            patient: None to search all patients. The default is the patient in context.

        Example:
            result = session.search(
                "Observation",
                {"code": "http://loinc.org|2160-0", "date": ["ge2024-01-01", "lt2025-01-01"]},
                pages=5,
            )
            values = [api.at(one, "valueQuantity", "value") for one in result.resources]

        """
        if patient not in {None, ...}:
            raise TypeError(
                "patient must be None or left out. To search for another patient's data, use "
                "the parameters."
            )
        own = patient is not None
        return found(self._mark, type, parameters, pages, own_patient=own)

    def create(self, resource: Resource) -> Resource:
        """Create a resource and return it as the EHR stored it, with its id.

        Needs a scope with `c`. Without `r`, only the type and id are returned. Under patient/
        scopes, the resource must refer to the patient in context. A GET request can't create
        anything (`method_not_allowed`). A failed request (for example, with
        `upstream_timeout`) can still have created the resource, so search before you try again: "A
        page that writes" shows how.

        Example:
            score: api.Resource = {
                "resourceType": "Observation",
                "status": "preliminary",
                "code": {"text": "Pain score"},
                "subject": {"reference": f"Patient/{session.patient}"},
                "valueInteger": 3,
            }
            created = session.create(score)
            return api.json({"id": created["id"]}, status=201)

        """
        return value_of(
            product().write(self._mark, resource, dumps(resource), is_new=True, if_match=None)
        )

    def update(self, resource: Resource, if_match: str | None = None) -> Resource:
        """Replace the resource that has this `id`, and return it as the EHR stored it.

        Needs a scope with `u`. Under patient/ scopes, the resource must refer to the patient in
        context, before and after the update. The update succeeds only if the EHR still has the
        version that it replaces (status 412 otherwise).

        Args:
            resource: the complete resource.
            if_match: the version to replace, as an entity tag such as `W/"3"`, or `*` for any. The
                default is the resource's own `meta.versionId`, or if that's missing, the version
                that your function has read during the same request. With neither, the error is
                `version_conflict`, and nothing is sent.

        Example:
            note = session.read("DocumentReference", "123")
            session.update({**note, "status": "entered-in-error"})

        """
        body = dumps(resource)
        return value_of(
            product().write(self._mark, resource, body, is_new=False, if_match=if_match)
        )


def found(
    mark: object,
    kind: str,
    parameters: Mapping[str, str | Sequence[str]],
    pages: int,
    *,
    own_patient: bool,
) -> Found:
    """Search, and return the result."""
    pairs = tuple(
        (name, value)
        for name, values in parameters.items()
        for value in ((values,) if isinstance(values, str) else values)
    )
    resources, complete = value_of(
        product().search(mark, kind, pairs, pages, own_patient=own_patient)
    )
    return Found(resources, complete)


def opened(mark: object, context: Mapping[str, Json]) -> Session:
    """Return the session for a launch context."""
    user = context["user"]
    return Session(
        patient=_text(context, "patient"),
        encounter=_text(context, "encounter"),
        user=MappingProxyType(user) if isinstance(user, Mapping) else None,
        ehr=_text(context, "ehr") or "",
        context=MappingProxyType(context),
        _mark=mark,
    )


def _text(context: Mapping[str, Json], name: str) -> str | None:
    value = at(context, name)
    return value if isinstance(value, str) else None
