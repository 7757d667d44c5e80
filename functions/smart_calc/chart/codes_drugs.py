"""Drugs as charts name them: whole generic names, ATC prefixes, RxNorm ingredients.

Orders carry RxNorm clinical drugs, of which there are too many to list, so names decide; as whole
words, since nystatin and somatostatin are no statins. RxNorm ingredients are those of CPIC.
"""

from dataclasses import dataclass


def _listed(spaced: str) -> tuple[str, ...]:
    return tuple(spaced.split())


@dataclass(frozen=True, slots=True)
class DrugClass:
    """A yes-or-no item answered by MedicationRequests.

    `names` are whole generic names, `atc` prefixes, `rxnorm` ingredients. `weak_names` and
    `weak_atc` only suggest. With `needs` the class counts only beside that diagnosis.
    """

    name: str
    names: tuple[str, ...]
    atc: tuple[str, ...]
    rxnorm: tuple[str, ...] = ()
    weak_names: tuple[str, ...] = ()
    weak_atc: tuple[str, ...] = ()
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

# Routes that do not reach the circulation, as SNOMED concepts and as words in a route or a name.
LOCAL_ROUTES_SNOMED = frozenset({"6064005", "54485002", "10547007"})  # topical, ophthalmic, otic
LOCAL_ROUTE_WORDS = (
    r"topical|topically|ophthalmic|ophth|otic|eyes?|ears?|cream|ointment|(?<!-)gel|lotion|foam"
)
