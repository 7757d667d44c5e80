"""Writes the synthetic charts: `python -m simulator.make_charts` makes the same files each time.

LOINC names what was measured, UCUM the units, ICD-10-CM the problems, RxNorm some of the drugs,
SNOMED CT the smoking status and what Greta's chart has in no other code. The inpatient's chart is
too large for a file and is made when the EHR starts (inpatient.py).
"""

from collections.abc import Callable, Mapping

from simulator import outpatients
from simulator.chart_parts import Json, chart_text, labelled
from simulator.charts import CHARTS
from simulator.dirty_chart import greta
from simulator.users import CLINICIANS


def practitioners() -> list[Json]:
    """Return the simulated clinicians."""
    resources = []
    for user in CLINICIANS.values():
        kind, _, fhir_id = user.reference.partition("/")
        given, family = user.name.split(" ")
        name = {"use": "official", "text": user.name, "family": family, "given": [given]}
        resources.append({**labelled(kind, fhir_id), "active": True, "name": [name]})
    return resources


FILES: Mapping[str, Callable[[], list[Json]]] = {
    "alma": outpatients.alma,
    "bruno": outpatients.bruno,
    "cora": outpatients.cora,
    "dario": outpatients.dario,
    "elsa": outpatients.elsa,
    "falk": outpatients.falk,
    "greta": greta,
    "practitioners": practitioners,
}


if __name__ == "__main__":
    for file_name, made in FILES.items():
        (CHARTS / f"{file_name}.json").write_text(chart_text(made()), encoding="utf-8")
