"""Diagnoses as charts code them: ICD-10-CM prefixes, SNOMED CT concepts, words.

ICD-10-CM entries are prefixes, dots ignored. SNOMED entries are single concepts, found in the
value sets of eCQM 2022 and 2026: without a terminology server their descendants are not known.
SNOMED CT needs an affiliate licence outside its member countries.
"""

from dataclasses import dataclass

ICD10 = "http://hl7.org/fhir/sid/icd-10"


def _listed(spaced: str) -> tuple[str, ...]:
    return tuple(spaced.split())


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A yes-or-no item answered by Conditions.

    `now` items need an active condition, the others count whenever they were. `suggest` and
    `words` only ever suggest, and no text with one of `other_words` does; `offer_only` items are
    never ticked.
    """

    name: str
    now: bool
    icd10cm: tuple[str, ...]
    snomed: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    suggest: tuple[str, ...] = ()
    words: str = ""
    other_words: str = ""
    offer_only: bool = False


# Family history in ICD-10-CM: a condition that carries one of these is a relative's.
FAMILY_HISTORY = ("Z82", "Z83")
# A text with one of these words is no suggestion of the diagnosis named in it.
NOT_THIS = r"family|fam|FHx?|relative|mother|father|risk|screening|ruled? out"
# One of these takes back what its clause names after it, not what stands before it.
NEGATIONS = r"no|not|denies|without|negative"

DIAGNOSES = (
    Diagnosis(
        "atrial_fibrillation",
        now=False,
        icd10cm=("I48",),
        snomed=_listed("49436004 5370000 282825002 426749004 440059007 440028005 300996004"),
        words=r"atrial (fibrillation|flutter)",
    ),
    Diagnosis(
        "congestive_heart_failure",
        now=False,
        icd10cm=("I50", "I11.0", "I13.0", "I13.2", "I09.81"),
        snomed=_listed(
            "84114007 42343007 441481004 446221000 703272007 703273002 85232009 48447003"
            " 417996009 418304008"
        ),
        suggest=("I42", "I25.5"),
        words=r"heart failure",
    ),
    Diagnosis(
        "hypertension",
        now=True,
        icd10cm=("I10", "I11", "I12", "I13", "I15", "I16"),
        snomed=("38341003", "59621000", "1201005", "78975002"),
        exclude=("I27.0", "O13", "O14", "H35.03"),
        words=r"hypertension|high blood pressure",
        other_words=r"pulmonary|portal|ocular|intraocular|intracranial|gestational|white coat",
    ),
    Diagnosis(
        "diabetes",
        now=True,
        icd10cm=("E08", "E09", "E10", "E11", "E13", "O24.0", "O24.1", "O24.3"),
        snomed=("73211009", "44054006", "46635009", "190372001"),
        exclude=("R73.03", "O24.4", "Z83.3", "E23.2"),
        words=r"diabetes|diabetic",
        other_words=r"insipidus|gestational|pre",
    ),
    Diagnosis(
        "stroke_tia_thromboembolism",
        now=False,
        icd10cm=("I63", "G45", "Z86.73", "I69.3", "I74"),
        snomed=("230690007", "422504002", "266257000"),
        exclude=("G45.4",),
        words=r"stroke|transient ischa?emic attack|TIA|cerebral infarction",
        other_words=r"heat",
    ),
    # For HAS-BLED haemorrhage counts as well, a transient attack or a peripheral embolus does not.
    Diagnosis(
        "stroke",
        now=False,
        icd10cm=("I60", "I61", "I62", "I63", "Z86.73", "I69.3"),
        snomed=("230690007", "422504002"),
        words=r"stroke|cerebral (infarction|ha?emorrhage)",
        other_words=r"heat",
    ),
    Diagnosis(
        "vascular_disease",
        now=False,
        icd10cm=(
            *("I21", "I22", "I25.2", "I70.0", "I70.2", "I70.3", "I70.4", "I70.5", "I70.6"),
            *("I70.7", "I70.9", "I73.9", "E08.51", "E08.52", "E09.51", "E09.52", "E10.51"),
            *("E10.52", "E11.51", "E11.52", "E13.51", "E13.52"),
        ),
        snomed=("22298006", "57054005", "401303003", "401314000", "399957001"),
        suggest=("I25.1", "Z95.1", "Z95.5"),
        words=r"myocardial infarction|peripheral (arterial|artery|vascular) disease|aortic plaque",
    ),
    Diagnosis(
        "known_cvd_excludes_risk_score",
        now=False,
        icd10cm=(
            *("I20", "I21", "I22", "I23", "I24", "I25", "I50", "I63", "G45", "Z86.73", "I69.3"),
            *("I70.2", "I73.9", "Z95.1", "Z95.5"),
        ),
        snomed=_listed("22298006 84114007 230690007 266257000 399957001 53741008 194828000"),
        words=r"myocardial infarction|coronary|angina|heart failure|stroke|peripheral arter",
    ),
    Diagnosis(
        "abnormal_renal_function",
        now=True,
        icd10cm=("N18.6", "Z99.2", "Z94.0"),
        snomed=("46177005",),
        suggest=("N18.5",),
        words=r"end.stage renal|dialysis|kidney transplant|renal transplant",
    ),
    Diagnosis(
        "abnormal_liver_function",
        now=True,
        icd10cm=("K70.3", "K71.7", "K74.3", "K74.4", "K74.5", "K74.6", "K72.1", "K76.6", "I85"),
        snomed=("19943007", "420054005"),
        words=r"cirrhosis",
    ),
    Diagnosis(
        "bleeding_history",
        now=False,
        icd10cm=("I60", "I61", "I62", "K92.0", "K92.1", "K92.2", "D62"),
        suggest=(
            # Fourth characters 0, 2, 4 and 6 of the ulcers: with haemorrhage.
            *(f"{ulcer}.{kind}" for ulcer in ("K25", "K26", "K27", "K28") for kind in "0246"),
            *("D64.9", "D68", "D69.6", "R04"),
        ),
        words=r"ha?emorrhage|bleed(ing)?",
    ),
    # These warn of results, and are no input of any.
    Diagnosis(
        "acute_kidney_injury",
        now=True,
        icd10cm=("N17",),
        snomed=("14669001", "35455006"),
        suggest=("N19", "N99.0", "O90.4"),
        words=r"acute (kidney|renal) (injury|failure)|AKI",
    ),
    # And this one brings calculators to the top.
    Diagnosis(
        "chronic_kidney_disease",
        now=True,
        icd10cm=(
            *("N18", "I12", "I13", "E08.22", "E09.22", "E10.22", "E11.22", "E13.22", "D63.1"),
            "Z99.2",
        ),
        snomed=_listed(
            "709044004 431855005 431856006 433144002 700378005 700379002 431857002 433146000"
            " 46177005"
        ),
        words=r"chronic (kidney|renal) (disease|failure|insufficiency)|CKD",
    ),
    Diagnosis(
        "pregnancy",
        now=True,
        icd10cm=("Z33.1", "Z34", "Z3A", "O09"),
        snomed=("77386006",),
        words=r"pregnan(t|cy)",
        other_words=r"planning|test|prevention|ectopic|history",
    ),
    Diagnosis(
        "valve_or_mitral_stenosis",
        now=False,
        icd10cm=("I05.0", "I05.2"),
        snomed=("79619009",),
        suggest=("I34.2", "Z95.2"),
        words=r"mitral (valve )?stenosis|mechanical (heart |aortic |mitral )?valve",
    ),
    # The MELD item is two sessions, or 24 hours of CVVHD, in the last seven days.
    Diagnosis("dialysis", now=True, icd10cm=("Z99.2",), words=r"dialysis", offer_only=True),
)
