"""Decide which parameters a search may have. Pure.

FHIR R4 search.html. Decisions use parsed parameters, which are then serialized again. Under
patient/ scopes, a search is restricted to the session's patient, and no parameter may query anyone
else.
"""

import re

from shared.errors import NotAcceptable, ParameterInvalid, PatientDenied, ScopeDenied
from shared.fhir import compartment
from shared.fhir.policy.finer_scopes import NO_FILTERS, Parameters, hidden, is_shown, repeated
from shared.fhir.policy.includes import names_the_patient, reached
from shared.fhir.references import Target, parse
from shared.scopes import Grant, Level

Grants = tuple[Grant, ...]

_JSON_FORMATS = frozenset({"json", "application/json", "application/fhir+json"})
_INCLUDING = frozenset({"_include", "_revinclude"})
_BRINGING = _INCLUDING | {"_list", "_contained", "_type"}
# Chained parameters (`subject.name`) are queries too.
_ASKING = frozenset({"_has", "_filter"})
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_POSITIVE = re.compile(r"[1-9][0-9]{0,8}")
_PATIENT_PARAMETERS = ("patient", "subject")


def plain(parameters: Parameters) -> Parameters:
    """Return the parameters without those that would change the kind of request.

    `_format` (JSON is always requested) and `_method` are left out. A token in the query is
    rejected, and so is another server's name for a page.
    """
    kept = []
    for name, value in parameters:
        if name == "_format":
            if value.partition(";")[0] not in _JSON_FORMATS:
                raise NotAcceptable
        elif name == "access_token":
            raise ParameterInvalid("Don't put a token in a URL.")
        elif name.startswith("_getpages"):
            raise ParameterInvalid("Use the links in a Bundle to read further pages.")
        elif _NAME.fullmatch(name) is None:
            # A server that trims or decodes again would see another name.
            raise ParameterInvalid("The name of a search parameter can't be used.")
        elif name != "_method":
            kept.append((name, value))
    return tuple(kept)


def refuse_reaching(
    parameters: Parameters, resource_type: str, level: Level, grants: Grants
) -> None:
    """Require scopes for the types that parameters reach: for all types, unless R4 defines which.

    Some only include more resources: if the search is restricted to the patient, the response check
    covers these. Others query resources that aren't returned, so what they reveal about other
    patients can't be checked at all. They need user/ scopes.
    """
    held = level == "patient" and resource_type not in compartment.OUTSIDE
    for name, value in parameters:
        head = name.partition(":")[0].lower()
        if head == "_query":
            raise ScopeDenied(
                why="The results of a named query (`_query`) differ from server to server. No "
                "scope can cover named queries, so they aren't supported.",
            )
        asks = head in _ASKING or "." in name
        if not asks and head in _INCLUDING and (types := reached(head, value)):
            _require_granted(head, value, types, grants, held=held)
        elif asks or head in _BRINGING:
            _require_all_types(head, grants, user_only=asks or not held)


def _require_granted(
    head: str, value: str, types: frozenset[str], grants: Grants, *, held: bool
) -> None:
    """Require a scope without parameters for each type that a parameter can return.

    If the search is restricted to the patient, so are the resources it includes: the types that
    can't be about a patient are never released.
    """
    if held and head == "_include" and names_the_patient(value):
        types = frozenset({"Patient"})
    reachable = types & compartment.REACHABLE if held else types
    if not reachable:
        raise PatientDenied(
            why=f"`{head}={value}` returns resources that aren't known to be about a patient.",
            steps=("Leave out the parameter, or request user/*.rs.",),
        )
    for name in sorted(reachable):
        of_patient = held or name in compartment.OUTSIDE
        if not _grants(grants, name, "r" if of_patient else "rs", user_only=not of_patient):
            needed = f"patient/{name}.r" if of_patient else f"user/{name}.rs"
            narrower = f"Or let the search name one target that a scope covers: `{value}:TYPE`."
            raise ScopeDenied(
                why=f"`{head}={value}` can return resources of type {name}. They require {needed}.",
                steps=(*ScopeDenied.steps, narrower) if len(reachable) > 1 else ScopeDenied.steps,
                evidence={"needed": needed, "parameter": head},
            )


def _require_all_types(head: str, grants: Grants, *, user_only: bool) -> None:
    if not _grants(grants, "*", "rs", user_only=user_only):
        needed = "user/*.rs" if user_only else "patient/*.rs"
        raise ScopeDenied(
            why=f"`{head[:100]}` reaches resources of other types, which requires a scope for "
            f"all of them: {needed}.",
            evidence={"needed": needed, "parameter": head[:100]},
        )


def _grants(grants: Grants, resource_type: str, letters: str, *, user_only: bool) -> bool:
    """Return whether scopes without parameters allow all the letters for the type (`*`: all)."""
    allowed = {
        letter
        for grant in grants
        if grant.type in {"*", resource_type}
        and not grant.filters
        and not (user_only and grant.level != "user")
        for letter in grant.letters
    }
    return allowed.issuperset(letters)


def with_elements(
    parameters: Parameters, resource_type: str, level: Level, covering: list[Grant]
) -> Parameters:
    """Return the parameters with `_elements` completed: without the elements that name the patient,
    or show that a scope's own parameters fit, the response couldn't be released.
    """
    needed = {
        name
        for grant in covering
        for name, _ in grant.filters
        if grant.level == level and is_shown(name, resource_type)
    }
    if level == "patient":
        needed |= compartment.proving_elements(resource_type)
    return tuple(
        (name, ",".join((value, *sorted(needed.difference(value.split(","))))))
        if name.lower() == "_elements" and value
        else (name, value)
        for name, value in parameters
    )


def repeats_filter(
    sent: Parameters, resource_type: str, level: Level, covering: list[Grant]
) -> bool:
    """Return whether a parameter repeats one of a scope's own. If the EHR joins the two with OR, or
    uses the first, that widens the search, so its results must show that they fit.

    Raise ScopeDenied if they can't show it, or if the search itself omits the element that would.
    """
    sets = [grant.filters for grant in covering if grant.level == level]
    if NO_FILTERS in sets:
        return False
    named = [filters for filters in sets if filters <= frozenset(sent)]
    for filters in named:
        if gone := hidden(filters, resource_type, sent):
            raise ScopeDenied(
                why=f"`{min(gone)}` narrows the scope that covers the search, but `_summary`, or a "
                "modifier of `_elements`, can leave that element out of the response.",
                steps=("Leave out `_summary` and the modifier.",),
            )
    names = frozenset[str]().union(*(repeated(filters, sent) for filters in named))
    for name in sorted(names):
        if is_count(sent) or not is_shown(name, resource_type):
            raise ScopeDenied(
                why=f"`{name[:100]}` narrows the scope that covers the search. A search can't "
                "add another value for this parameter unless the response shows which "
                "resources match."
            )
    return bool(names)


def is_count(parameters: Parameters) -> bool:
    """Return whether a search requests only a count: anything other than a positive number of
    resources per page may be read as none.
    """
    for name, value in parameters:
        head = name.partition(":")[0].lower()
        if head == "_count" and _POSITIVE.fullmatch(value) is None:
            return True
        summaries = value.lower().split(",") if head == "_summary" else ()
        if any(one.strip() == "count" for one in summaries):
            return True
    return False


def held_to(patient: str, resource_type: str, parameters: Parameters, fhir_base: str) -> Parameters:
    """Return the search with its patient parameter: refused for another patient's, added if
    missing.
    """
    holding = compartment.search_parameter(resource_type)
    held = False
    for name, value in parameters:
        head = name.partition(":")[0].lower()
        if head == holding or (resource_type != "Patient" and head in _PATIENT_PARAMETERS):
            if name not in {holding, "patient", "subject", "subject:Patient", "patient:Patient"}:
                raise PatientDenied
            if value != patient and parse(value, fhir_base) != Target("Patient", patient):
                raise PatientDenied
            by_subject = head == "subject" and compartment.searched_by_subject(resource_type)
            held = held or head == holding or by_subject
    if held or holding is None:
        return parameters
    if resource_type == "Patient" and any(not name.startswith("_") for name, _ in parameters):
        raise PatientDenied(
            why="A search across patients isn't limited to the patient of this launch."
        )
    return (*parameters, (holding, compartment.search_value(resource_type, patient)))
