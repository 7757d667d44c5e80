"""What a calculator declares about charts: how it is filled, when it is relevant, what warns of it.

Names are those of inputs (inputs.py) and of findings that a chart answers beside them, such as
`oral_anticoagulant`. The registry checks that all of them are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Values taken within this time count as taken at once.
SAME_DRAW = HOUR


@dataclass(frozen=True, slots=True)
class DrawRule:
    """Inputs that count together only where they were taken together.

    `optional` inputs join where they fit. `within` is the widest spread allowed, `warn_beyond` the
    spread beyond which a warning is due. With `tight_first` a set within `warn_beyond` is preferred
    to a wider one that is newer by no more than `within`. A set may be no older than `max_age`,
    where one is given.
    """

    inputs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    within: timedelta = DAY
    warn_beyond: timedelta = SAME_DRAW
    tight_first: bool = True
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """Findings of which one must be there for the calculator to be meant for the patient.

    `without` is said where a chart has none of them, `untold` where it leaves the first open.
    """

    findings: tuple[str, ...]
    without: str
    untold: str


@dataclass(frozen=True, slots=True)
class ChartCaution:
    """A sentence to read before the result, where the chart has a finding.

    `suggested` is the sentence where the chart only suggests the finding; empty: nothing is said.
    With `if_past` it is only said if every entry of the finding has ended.
    """

    finding: str
    text: str
    suggested: str = ""
    if_past: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """A charted value of the same kind as an output: shown beside it, never used.

    It is left out where it differs from the output by no more than `agrees_within`.
    """

    input: str
    output: str
    agrees_within: float | None = None


@dataclass(frozen=True, slots=True)
class InChart:
    """Everything that a calculator declares about charts.

    `relevant_with` are findings that bring it to the top of a page, the most specific first, each
    with what a row says of it in a word; empty: the calculator's own subject. `steady` inputs must
    not be changing: no estimate of kidney function holds while creatinine is. `floors` are inputs
    whose lower values the published formula counts as that number. `applies_with` are questions
    that are only asked where the chart has, or could have, a finding.
    """

    draw: DrawRule | None = None
    relevant_with: Mapping[str, str] = field(default_factory=dict)
    only_with: OnlyWith | None = None
    cautions: tuple[ChartCaution, ...] = ()
    steady: tuple[str, ...] = ()
    beside: Beside | None = None
    floors: Mapping[str, float] = field(default_factory=dict)
    applies_with: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Every input and finding that is named here."""
        draw = self.draw.inputs + self.draw.optional if self.draw else ()
        only = self.only_with.findings if self.only_with else ()
        beside = (self.beside.input,) if self.beside else ()
        cautions = (caution.finding for caution in self.cautions)
        ruled = (*self.floors, *self.applies_with, *self.applies_with.values())
        return frozenset(
            (*draw, *self.relevant_with, *only, *self.steady, *beside, *cautions, *ruled)
        )


NOTHING = InChart()

# Findings of a chart that are no input: they make calculators relevant, or warn of results.
FINDINGS: Mapping[str, str] = {
    "oral_anticoagulant": "Oral anticoagulant",
    "parenteral_anticoagulant": "Parenteral anticoagulant",
    "vitamin_k_antagonist": "Vitamin K antagonist",
    "active_atrial_fibrillation": "Active atrial fibrillation",
    "acute_kidney_injury": "Acute kidney injury",
    "chronic_kidney_disease": "Chronic kidney disease",
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
    "known_cirrhosis": "Cirrhosis",
}

# No estimate of kidney function holds in these states.
KIDNEY_CAUTIONS = (
    ChartCaution(
        "acute_kidney_injury",
        "Acute kidney injury is on the problem list. Creatinine may be changing, and this estimate "
        "may be far from true kidney function.",
        "The problem list suggests acute kidney injury, in which this estimate is not valid.",
    ),
    ChartCaution(
        "dialysis",
        "Dialysis is charted. This estimate is not valid on dialysis.",
        "Dialysis is on the problem list. This estimate is not valid on dialysis.",
    ),
    ChartCaution(
        "pregnancy",
        "Pregnancy is charted. This estimate is not valid in pregnancy.",
        "The problem list suggests pregnancy, in which this estimate is not valid.",
    ),
)
