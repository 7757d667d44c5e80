"""Drugs as charts name them: whole generic names, ATC prefixes, RxNorm ingredients.

Orders carry RxNorm clinical drugs, of which there are too many to list, so names decide where no
ATC code does; as whole words, since nystatin and somatostatin are no statins. RxNorm ingredients
are those of CPIC.
"""

from dataclasses import dataclass


def _listed(spaced: str) -> tuple[str, ...]:
    return tuple(spaced.split())


@dataclass(frozen=True, slots=True)
class DrugClass:
    """A yes-or-no item answered by MedicationRequests.

    `names` are whole generic names, `atc` prefixes, `rxnorm` ingredients. `weak_names`,
    `weak_atc` and `weak_rxnorm` only suggest. With `needs` the class counts only beside that
    diagnosis.
    """

    name: str
    names: tuple[str, ...]
    atc: tuple[str, ...]
    rxnorm: tuple[str, ...] = ()
    weak_names: tuple[str, ...] = ()
    weak_atc: tuple[str, ...] = ()
    weak_rxnorm: tuple[str, ...] = ()
    needs: str = ""


DRUG_CLASSES = (
    DrugClass(
        "statin",
        names=_listed(
            "atorvastatin simvastatin rosuvastatin pravastatin lovastatin fluvastatin pitavastatin"
        ),
        atc=("C10AA", "C10B"),
        rxnorm=("83367", "301542", "36567", "42463"),
    ),
    DrugClass(
        "antihypertensive_treatment",
        names=_listed(
            "lisinopril enalapril ramipril benazepril captopril quinapril fosinopril moexipril"
            " perindopril trandolapril losartan valsartan irbesartan candesartan olmesartan"
            " telmisartan azilsartan eprosartan aliskiren amlodipine felodipine isradipine"
            " nicardipine nifedipine nisoldipine diltiazem verapamil hydrochlorothiazide"
            " chlorthalidone chlorothiazide indapamide metolazone bendroflumethiazide"
            " methyclothiazide amiloride triamterene spironolactone eplerenone metoprolol"
            " atenolol bisoprolol carvedilol nebivolol labetalol propranolol nadolol acebutolol"
            " betaxolol pindolol timolol clonidine guanfacine methyldopa hydralazine minoxidil"
            " doxazosin prazosin terazosin"
        ),
        atc=("C02", "C03", "C07", "C08", "C09"),
        rxnorm=_listed("1998 20352 5470 5487 6918 8787 9997 10600"),
        weak_names=("furosemide", "torsemide", "bumetanide"),
        weak_atc=("C03C",),
        weak_rxnorm=("4603",),
        needs="hypertension",
    ),
    DrugClass(
        "antiplatelet_or_nsaid",
        names=(
            *("aspirin", "acetylsalicylic acid", "clopidogrel", "prasugrel", "ticagrelor"),
            *("dipyridamole", "cilostazol", "vorapaxar", "ibuprofen", "naproxen", "diclofenac"),
            *("celecoxib", "meloxicam", "ketorolac", "indomethacin", "etodolac", "nabumetone"),
            *("piroxicam", "sulindac", "oxaprozin", "ketoprofen", "flurbiprofen"),
            *("mefenamic acid", "loxoprofen", "etoricoxib"),
        ),
        atc=("B01AC", "M01A"),
        rxnorm=("1191", "32968", "3355", "140587"),
    ),
    DrugClass(
        "oral_anticoagulant",
        names=_listed(
            "warfarin apixaban rivaroxaban dabigatran edoxaban phenprocoumon acenocoumarol"
        ),
        atc=("B01AA", "B01AE07", "B01AF"),
        rxnorm=("11289",),
    ),
    # Labile INR is asked, and INR in MELD doubted, only under a vitamin K antagonist.
    DrugClass(
        "vitamin_k_antagonist",
        names=("warfarin", "phenprocoumon", "acenocoumarol"),
        atc=("B01AA",),
        rxnorm=("11289",),
    ),
)

# ATC groups that hold drugs of several classes, so that the name has to tell: lipid modifying
# agents with other drugs, opioids with other analgesics, salicylic acid, alpha blockers.
ATC_OF_SEVERAL_CLASSES = ("C10BX", "N02AJ", "N02BA", "G04CA")

# Routes that do not reach the circulation, as SNOMED concepts and as words in a route or a name.
LOCAL_ROUTES_SNOMED = frozenset(
    {
        "6064005",  # topical
        "54485002",  # ophthalmic
        "372468001",  # intraocular
        "10547007",  # otic
        "448598008",  # cutaneous
        "372464004",  # intradermal
    }
)
LOCAL_ROUTE_WORDS = (
    r"topical|topically|ophthalmic|ophth|intraocular|otic|eyes?|ears?|cutaneous|intradermal"
    r"|cream|ointment|gel|lotion|foam"
)
# Routes that do.
SYSTEMIC_ROUTES_SNOMED = frozenset(
    {
        "26643006",  # oral
        "37839007",  # sublingual
        "37161004",  # rectal
        "45890007",  # transdermal
        "47625008",  # intravenous
        "78421000",  # intramuscular
        "34206005",  # subcutaneous
    }
)
SYSTEMIC_ROUTE_WORDS = (
    r"oral|orally|mouth|po|sublingual|rectal|transdermal|intravenous|iv|intramuscular|im"
    r"|subcutaneous|sc"
)
# In free text an eye or an ear may be what hurts: only a place to put the drug counts.
LOCAL_DOSAGE_WORDS = (
    r"topically|both (eyes|ears)"
    r"|(in|into|to|on) ((the|your|each|left|right|affected) )*(eyes?|ears?|skin|area)"
)
# Dose forms to swallow, whatever else a name says: "capsule, liquid gel".
SWALLOWED_WORDS = r"capsules?|tablets?|softgels?|liquid?.?gels?"
