"""The drug classes that are read, and how orders tell of a route that treats no such thing.

Names, brands and codes of the drugs are rows of drug_names.json, drug_brands.json,
drug_products.json, drug_atc.json, drug_words.json and other_drugs.json beside this module.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DrugClass:
    """A yes-or-no item answered by orders.

    With `needs` the class counts only beside that diagnosis. `not_where` are words of an order
    whose drug is of the class, but is not given as one.
    """

    name: str
    needs: str = ""
    not_where: str = "(?!)"


DRUG_CLASSES = (
    DrugClass("statin"),
    DrugClass("antihypertensive_treatment", needs="hypertension"),
    DrugClass("antiplatelet_or_nsaid"),
    DrugClass("oral_anticoagulant"),
    # Labile INR is asked, and INR in MELD doubted, only under a vitamin K antagonist.
    DrugClass("vitamin_k_antagonist"),
    # No input. Heparin that keeps a catheter open treats nobody: 10 units in a milliliter.
    DrugClass(
        "parenteral_anticoagulant",
        not_where=r"flush\w*|locks?|catheters?|10 ?(units?|unt|iu|i\.e\.) ?/ ?ml",
    ),
)

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
