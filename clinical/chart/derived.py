"""Items derived from measured values: organ function, pressure and oxygen (HAS-BLED, NEWS2).

Renal and liver function follow Pisters 2010, Chest 138:1093-1100, doi 10.1378/chest.10-0134. Oxygen
follows the Royal College of Physicians, NEWS2, 2017. Only fresh values answer an item about the
present. Older ones suggest it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

from clinical.calculators.in_chart import DAY, SAME_DRAW
from clinical.calculators.inputs import INPUTS, to_canonical
from clinical.calculators.ldl import sampson
from clinical.calculators.limits import above, at_least, at_most, below
from clinical.calculators.model import Refused
from clinical.calculators.units import normalise
from clinical.chart.evidence import (
    NOT_IN_CHART,
    Candidate,
    ChartFinding,
    Evidence,
    Flag,
    Outcome,
)
from clinical.chart.items import item
from clinical.chart.steadiness import HOURS_48, of_the_year

CREATININE_LIMIT = 2.26  # mg/dL, for 200 umol/L
SYSTOLIC_LIMIT = 160.0  # mm[Hg]
ROOM_AIR = 21.0  # %
LDL_LIMIT, LDL_LIMIT_MMOL = 190.0, 4.9  # mg/dL, mmol/L
ALBUMINURIA_LIMIT, ALBUMINURIA_LIMIT_MMOL = 30.0, 3.0  # mg/g, mg/mmol: A2 of KDIGO 2024
_BILIRUBIN_TIMES, _ENZYME_TIMES = 2.0, 3.0

_PANEL = ("cholesterol_total", "hdl", "triglycerides")

# The measured inputs behind each derived finding, in addition to its own diagnosis.
BUILDS_ON: Mapping[str, tuple[str, ...]] = {
    "abnormal_renal_function": ("creatinine",),
    "abnormal_liver_function": ("bilirubin_total", "ast", "alt"),
    "uncontrolled_hypertension": ("systolic_bp",),
    "creatinine_48h": ("creatinine",),
    "creatinine_baseline": ("creatinine",),
    "severe_hypercholesterolemia": ("ldl_reported", *_PANEL),
    "albuminuria": ("uacr",),
    "supplemental_oxygen": ("o2_flow", "fio2"),
}


def derived(
    findings: Mapping[str, ChartFinding], ldl: Sequence[Evidence], creatinine: Sequence[Evidence]
) -> Iterator[ChartFinding]:
    """Yield the findings that build on others, each with the entries it's derived from.

    `ldl` are the charted LDL cholesterols, with those only above a limit and those without a date,
    and `creatinine` the usable creatinines.
    """
    renal, liver = findings["abnormal_renal_function"], findings["abnormal_liver_function"]
    yield _or_measured(renal, findings["creatinine"], _exceeds(findings["creatinine"]))
    yield _or_measured(liver, findings["bilirubin_total"], _liver_values(findings))
    yield _uncontrolled_hypertension(findings["systolic_bp"])
    yield _severe_hypercholesterolemia(findings, ldl)
    yield _albuminuria(findings["uacr"])
    yield _supplemental_oxygen(findings["o2_flow"], findings["fio2"])
    yield from _earlier_creatinine(findings["creatinine"], creatinine)


def _exceeds(creatinine: ChartFinding) -> bool:
    return isinstance(creatinine.value, float) and above(creatinine.value, CREATININE_LIMIT)


def _liver_values(findings: Mapping[str, ChartFinding]) -> bool:
    """Return whether bilirubin is over 2 times, and AST or ALT over 3 times, the charted limit."""
    return above(_times_normal(findings["bilirubin_total"]), _BILIRUBIN_TIMES) and any(
        above(_times_normal(findings[enzyme]), _ENZYME_TIMES) for enzyme in ("ast", "alt")
    )


def _times_normal(finding: ChartFinding) -> float:
    high = finding.chosen.normal_high if finding.chosen else None
    return finding.value / high if isinstance(finding.value, float) and high else 0.0


def _or_measured(diagnosed: ChartFinding, measured: ChartFinding, abnormal: bool) -> ChartFinding:
    if diagnosed.value is True or not abnormal or measured.chosen is None:
        return diagnosed
    old = _is_old(measured)
    why = "an older value suggests it; please confirm" if old else ""
    entry = Candidate(measured.chosen, Flag.OLD if old else None, why)
    return replace(item(diagnosed.input, [entry]), passed_over=diagnosed.passed_over, further=())


def _severe_hypercholesterolemia(
    findings: Mapping[str, ChartFinding], reported: Sequence[Evidence]
) -> ChartFinding:
    """Return the finding from a diagnosis, or from any LDL in the look-back, also a calculated one.

    An LDL that treatment has lowered since then still counts.
    """
    diagnosed = findings["severe_hypercholesterolemia"]
    high = [one for one in reported if _reaches("ldl_reported", one, LDL_LIMIT, LDL_LIMIT_MMOL)]
    high += _high_by_lipids([findings[name] for name in _PANEL])
    if diagnosed.value is True or not high:
        return diagnosed
    return replace(item(diagnosed.input, map(Candidate, high)), passed_over=diagnosed.passed_over)


def _reaches(name: str, entry: Evidence, limit: float, molar: float) -> bool:
    """Return whether a charted value, or the limit that it's above, is at a guideline's limit.

    Guidelines print rounded limits in both units: 4.9 mmol/L of LDL is less than 190 mg/dL.
    """
    number, unit = entry.charted_value, entry.charted_unit
    if number is None:
        return False
    try:
        value = to_canonical(name, number, unit)
    except Refused:
        return False
    return at_least(value, limit) or ("mol" in normalise(unit) and at_least(number, molar))


def _high_by_lipids(panel: Sequence[ChartFinding]) -> Iterator[Evidence]:
    """Yield the total cholesterol of one draw whose lipids give such an LDL."""
    drawn = [one.chosen for one in panel if one.chosen and one.chosen.moment]
    values = [one.value for one in panel if isinstance(one.value, float)]
    if len(drawn) < len(panel) or len(values) < len(panel) or not at_most(values[-1], 800):
        return
    times = [_seconds(one) for one in drawn]
    if not at_most(max(times) - min(times), DAY.total_seconds()):
        return
    try:
        if at_least(sampson(*values), LDL_LIMIT):
            yield drawn[0]
    except Refused:
        return


def _albuminuria(uacr: ChartFinding) -> ChartFinding:
    """Return whether the ratio is at KDIGO's limit; CKD takes more than 3 months of it."""
    name = "albuminuria"
    entry = uacr.chosen
    if uacr.value is None or entry is None:
        return ChartFinding(name, Outcome.ABSENT, NOT_IN_CHART, value=False)
    high = _reaches("uacr", entry, ALBUMINURIA_LIMIT, ALBUMINURIA_LIMIT_MMOL)
    return ChartFinding(name, Outcome.FOUND, f"charted: {entry.charted}", high, chosen=entry)


def _earlier_creatinine(
    creatinine: ChartFinding, usable: Sequence[Evidence]
) -> Iterator[ChartFinding]:
    """Yield the lowest value of the 48 hours before the newest, and a baseline to confirm.

    The baseline is suggested as in the NHS England AKI algorithm (2014): the median of the values
    more than 7 days and up to a year before the newest, otherwise the lowest of those 7 days.
    """
    lowest, baseline = "creatinine_48h", "creatinine_baseline"
    newest = creatinine.chosen if creatinine.outcome is Outcome.FOUND else None
    at = _seconds(newest) if newest else -math.inf
    before = [one for one in usable if below(_seconds(one), at)]
    near = [one for one in before if at_most(at - _seconds(one), HOURS_48.total_seconds())]
    if near:
        least = min(near, key=_number)
        why = "lowest value of the 48 hours before"
        yield ChartFinding(lowest, Outcome.FOUND, why, least.value, creatinine.unit, least)
    else:
        yield ChartFinding(lowest, Outcome.ABSENT, NOT_IN_CHART, unit=creatinine.unit)
    if not before:
        yield ChartFinding(baseline, Outcome.ASKED, "no earlier value", unit=creatinine.unit)
    elif values := of_the_year([newest, *before] if newest else []):
        middle = median(values)
        why = f"suggested: the median of {len(values)} values from 8 days to a year before"
        text = f"{middle:.3g} {creatinine.unit} (median of {len(values)})"
        of_all = Evidence("", text, middle, middle, creatinine.unit)
        yield _to_confirm(baseline, why, of_all, creatinine.unit)
    else:
        least = min(before, key=_number)
        yield _to_confirm(
            baseline, "suggested: the lowest value of the 7 days before", least, creatinine.unit
        )


def _to_confirm(name: str, why: str, evidence: Evidence, unit: str) -> ChartFinding:
    return ChartFinding(name, Outcome.OFFERED, why, unit=unit, chosen=evidence, further=(evidence,))


def _number(evidence: Evidence) -> float:
    return evidence.value if isinstance(evidence.value, float) else math.inf


def _is_old(measured: ChartFinding) -> bool:
    return Flag.OLD in measured.flags or Flag.UNDATED in measured.flags


def _uncontrolled_hypertension(systolic: ChartFinding) -> ChartFinding:
    name = "uncontrolled_hypertension"
    if not isinstance(systolic.value, float) or _is_old(systolic):
        why = "no recent systolic pressure in the chart"
        return ChartFinding(name, Outcome.ASKED, why, chosen=systolic.chosen, flags=systolic.flags)
    high = above(systolic.value, SYSTOLIC_LIMIT)
    why = f"systolic pressure {'above' if high else 'not above'} {SYSTOLIC_LIMIT:g} mmHg"
    return ChartFinding(name, Outcome.FOUND, why, high, chosen=systolic.chosen)


def _supplemental_oxygen(flow: ChartFinding, concentration: ChartFinding) -> ChartFinding:
    """Return the finding from entries within an hour of the newest; never assume room air."""
    entries: list[tuple[Evidence, bool]] = [
        (finding.chosen, above(finding.value, limit))
        for finding, limit in ((flow, 0.0), (concentration, ROOM_AIR))
        if finding.chosen and finding.chosen.moment and isinstance(finding.value, float)
    ]
    name = "supplemental_oxygen"
    if not entries:
        return _no_oxygen(name, flow, concentration)
    entries.sort(key=lambda entry: (_seconds(entry[0]), entry[1]), reverse=True)
    newest = _seconds(entries[0][0])
    together = [e for e in entries if at_most(newest - _seconds(e[0]), SAME_DRAW.total_seconds())]
    evidence, on_oxygen = max(together, key=lambda entry: entry[1])
    why = f"charted: {evidence.charted}"
    return ChartFinding(name, Outcome.FOUND, why, on_oxygen, chosen=evidence)


def _no_oxygen(name: str, flow: ChartFinding, concentration: ChartFinding) -> ChartFinding:
    """Return why oxygen use is unknown, with the latest value if it's too old or unusable."""
    dated = [one for one in (flow, concentration) if one.chosen and one.chosen.moment]
    if not dated:
        return ChartFinding(name, Outcome.ASKED, "no oxygen flow or concentration in the chart")
    last = max(dated, key=lambda finding: _seconds(finding.chosen) if finding.chosen else 0.0)
    why = f"oxygen is in the chart, but cannot be used: {last.why}"
    if last.outcome is Outcome.STALE:
        hours = 24 * INPUTS[last.input].max_days
        why = f"no oxygen documented in the last {hours} h (the last value is older)"
    return ChartFinding(name, Outcome.ASKED, why, chosen=last.chosen)


def _seconds(evidence: Evidence) -> float:
    return evidence.moment.instant.timestamp() if evidence.moment else float("-inf")
