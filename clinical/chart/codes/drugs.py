"""The drug classes that are read, and how orders show a local route, which doesn't count.

Names, brands and codes of the drugs are rows of drug_names.json, drug_brands.json,
drug_products.json, drug_atc.json, drug_words.json and other_drugs.json next to this module.
"""

from shared.frozen import dataclass


@dataclass(frozen=True, slots=True)
class DrugClass:
    """A yes-or-no item answered by orders.

    With `needs`, the class counts only together with that diagnosis. `not_where` matches orders
    whose drug is in the class but isn't given as treatment.
    """

    name: str
    needs: str = ""
    not_where: str = "(?!)"


DRUG_CLASSES = (
    DrugClass("statin"),
    DrugClass("antihypertensive_treatment", needs="hypertension"),
    DrugClass("antiplatelet_or_nsaid"),
    DrugClass("oral_anticoagulant"),
    # Labile INR applies, and MELD's INR is misleading, only with a vitamin K antagonist.
    DrugClass("vitamin_k_antagonist"),
    # Not an input. Heparin that keeps a catheter open (10 units/mL) isn't treatment.
    DrugClass(
        "parenteral_anticoagulant",
        not_where=r"flush\w*|locks?|catheters?|10 ?(units?|unt|iu|i\.e\.) ?/ ?ml",
    ),
    # A device isn't a treatment, except a syringe that has the insulin in it.
    DrugClass(
        "insulin_treatment",
        not_where=r"needles?|pumps?|reservoirs?|infusion sets?|lancets?|strips?"
        r"|(?<!filled )(?<!filled-)syringes?",
    ),
    # Not an input: sodium excretion is misleading with one.
    DrugClass("diuretic"),
)

# Routes that don't reach the circulation, as SNOMED concepts and as words in a route or name.
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
# Systemic routes.
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
# In free text, an eye or ear may be the complaint. Only a place to apply the drug counts.
LOCAL_DOSAGE_WORDS = (
    r"topically|both (eyes|ears)"
    r"|(in|into|to|on) ((the|your|each|left|right|affected) )*(eyes?|ears?|skin|area)"
)
# Oral dose forms, regardless of other words in the name: "capsule, liquid gel".
SWALLOWED_WORDS = r"capsules?|tablets?|softgels?|liquid?.?gels?"
