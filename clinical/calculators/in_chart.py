"""A calculator's declarations about charts: how it's filled in, when it's relevant, its cautions.

Names refer to inputs (inputs.py) or to other findings in a chart, such as `oral_anticoagulant`. The
registry checks that they all exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Values collected within this time count as one draw.
SAME_DRAW = HOUR


@dataclass(frozen=True, slots=True)
class DrawRule:
    """Inputs that can be combined only if they were collected together.

    `optional` inputs are added if they fit, and those in `near` if they're at most that far from
    the set. A diastolic pressure is only taken from the reading of the systolic one. `within` is
    the widest spread allowed. A spread beyond `warn_beyond` gives a warning. With `tight_first`,
    a set within `warn_beyond` is preferred to a wider one that is newer by up to `within`. A set
    can't be older than `max_age`, if given.
    """

    inputs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    within: timedelta = DAY
    warn_beyond: timedelta = SAME_DRAW
    tight_first: bool = True
    max_age: timedelta | None = None
    near: Mapping[str, timedelta] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All inputs in this rule."""
        return (*self.inputs, *self.optional, *self.near)


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """Findings; the calculator applies only if the patient has at least one of them.

    `without` is the text if the chart has none of them, `if_open` the text if the chart leaves the
    first one open.
    """

    findings: tuple[str, ...]
    without: str
    if_open: str


@dataclass(frozen=True, slots=True)
class ChartCaution:
    """A sentence to read before the result if the chart has a finding.

    `suggested` is the sentence if the chart only suggests the finding; if empty, nothing is shown.
    With `if_past`, it's shown only if every entry of the finding has ended.
    """

    finding: str
    text: str
    suggested: str = ""
    if_past: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """A charted value of the same kind as an output: shown next to it, never used.

    It's left out if it differs from the output by `agrees_within` or less.
    """

    input: str
    output: str
    agrees_within: float | None = None


@dataclass(frozen=True, slots=True)
class LaboratoryRange:
    """Inputs that the reference range of a charted value answers.

    `low` and `high` are its ends, and `is_outside` is whether the value is outside.
    """

    of: str
    low: str = ""
    high: str = ""
    is_outside: str = ""


@dataclass(frozen=True, slots=True)
class InChart:
    """Everything that a calculator declares about charts.

    `relevant_with` lists the findings that make it relevant, the most specific first, each with a
    word for its row; if empty, the row shows the calculator's subject. `steady` inputs must not be
    changing: no estimate of kidney function is valid while creatinine is changing. `floors` are
    inputs whose lower values count as that number in the published formula. `applies_with` are
    questions that the page asks only if the chart has, or could have, a finding. Values that are
    older than their limit in `max_age` aren't filled in, though the input's own limit is longer.
    """

    draw: DrawRule | None = None
    relevant_with: Mapping[str, str] = field(default_factory=dict)
    only_with: OnlyWith | None = None
    cautions: tuple[ChartCaution, ...] = ()
    steady: tuple[str, ...] = ()
    reported: Reported | None = None
    laboratory_ranges: tuple[LaboratoryRange, ...] = ()
    floors: Mapping[str, float] = field(default_factory=dict)
    applies_with: Mapping[str, str] = field(default_factory=dict)
    max_age: Mapping[str, timedelta] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """All inputs and findings declared here."""
        draw = self.draw.names if self.draw else ()
        only = self.only_with.findings if self.only_with else ()
        reported = (self.reported.input,) if self.reported else ()
        cautions = (caution.finding for caution in self.cautions)
        ruled = (*self.floors, *self.applies_with, *self.applies_with.values(), *self.max_age)
        ranges = (
            name
            for one in self.laboratory_ranges
            for name in (one.of, one.low, one.high, one.is_outside)
            if name
        )
        return frozenset(
            (*ranges, *draw, *self.relevant_with, *only, *self.steady, *reported, *cautions, *ruled)
        )


NOTHING = InChart()

# Findings that aren't inputs: they make calculators relevant, give cautions or prevent cards.
FINDINGS: Mapping[str, str] = {
    "oral_anticoagulant": "Oral anticoagulant",
    "parenteral_anticoagulant": "Parenteral anticoagulant",
    "vitamin_k_antagonist": "Vitamin K antagonist",
    "active_atrial_fibrillation": "Active atrial fibrillation",
    "acute_kidney_injury": "Acute kidney injury",
    "chronic_kidney_disease": "Chronic kidney disease",
    "albuminuria": "Albuminuria",
    "pregnancy": "Pregnancy",
    "valve_or_mitral_stenosis": "Mechanical heart valve or mitral stenosis",
    "dialysis_status": "Dialysis",
    "kidney_transplant": "Kidney transplant",
    "intracranial_haemorrhage": "Intracranial hemorrhage",
    "laa_occlusion": "Left atrial appendage occlusion",
    "palliative_care": "Palliative care",
    "anticoagulant_in_problems": "Anticoagulant on the problem list",
    "wide_qrs": "Wide QRS or pacemaker",
    "low_platelets_of_another_cause": "Low platelets from another cause",
    "acute_liver_injury": "Acute liver injury",
    "amputation": "Amputation",
    "hypertrophic_cardiomyopathy": "Hypertrophic cardiomyopathy",
    "severe_hypercholesterolemia": "LDL cholesterol of 190 mg/dL or more",
    "pneumonia": "Pneumonia",
    "sepsis": "Sepsis",
    "primary_biliary_cholangitis": "Primary biliary cholangitis",
    "diuretic": "Diuretic",
}

# No estimate of kidney function is valid in these states.
KIDNEY_CAUTIONS = (
    ChartCaution(
        "acute_kidney_injury",
        "Acute kidney injury is on the problem list. Creatinine may be changing, and this estimate "
        "may be far from true kidney function.",
        "The problem list suggests acute kidney injury, in which this estimate is not valid.",
    ),
    ChartCaution(
        "dialysis_status",
        "Dialysis or end-stage kidney disease is documented in the chart. This estimate is not "
        "valid in patients on dialysis.",
        "The problem list suggests dialysis. This estimate is not valid in patients on dialysis.",
    ),
    ChartCaution(
        "pregnancy",
        "Pregnancy is documented in the chart. This estimate is not valid in pregnancy.",
        "The problem list suggests pregnancy, in which this estimate is not valid.",
    ),
)
