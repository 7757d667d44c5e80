"""All synthetic charts, generated at startup; for a given day they're always the same.

Measurements are in LOINC, units in UCUM, problems in ICD-10-CM, some drugs in RxNorm. The
smoking status is in SNOMED CT, as are the entries of Greta's chart that have no other code.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache

from simulator.charts import outpatients
from simulator.charts.dirty import greta
from simulator.charts.inpatient import hugo
from simulator.charts.moving import WRITTEN_FOR, moved
from simulator.charts.parts import Json, chart_text, labelled
from simulator.charts.resources import Charts, Resource, split
from simulator.charts.users import CLINICIANS


def practitioners() -> list[Json]:
    """Return the simulated clinicians."""
    resources = []
    for user in CLINICIANS.values():
        kind, _, fhir_id = user.reference.partition("/")
        given, family = user.name.split(" ")
        name = {"use": "official", "text": user.name, "family": family, "given": [given]}
        resources.append({**labelled(kind, fhir_id), "active": True, "name": [name]})
    return resources


CHARTS: Mapping[str, Callable[[], list[Json]]] = {
    "alma": outpatients.alma,
    "bruno": outpatients.bruno,
    "cora": outpatients.cora,
    "dario": outpatients.dario,
    "elsa": outpatients.elsa,
    "falk": outpatients.falk,
    "greta": greta,
    "practitioners": practitioners,
    "hugo": hugo,
    "ida": outpatients.ida,
}


@cache
def load_resources(day: date = WRITTEN_FOR) -> tuple[Resource, ...]:
    """Generate every chart as of a day and return its resources."""
    texts = (moved(chart_text(made()), day) for made in CHARTS.values())
    return tuple(one for text in texts for one in split(text))


@cache
def load_charts(day: date = WRITTEN_FOR, more: tuple[Resource, ...] = ()) -> Charts:
    """Return all charts as of a day, and `more`; every caller gets the same objects."""
    return Charts((*load_resources(day), *more))
