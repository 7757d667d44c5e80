"""The drug of an order or dispense: its names, and the drug classes it belongs to.

An ATC code decides if there is one. Otherwise listed RxNorm concepts and names do. A drug without
any of these is unclassified.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from clinical.chart.classified import UNCLASSIFIED, Claim, Classification
from clinical.chart.codes.drugs import DRUG_CLASSES
from clinical.chart.codes.systems import System, system_of
from clinical.chart.evidence import Flag
from clinical.chart.medications.coded import ATC_CODE, decided_by_name, of_atc, of_rxnorm
from clinical.chart.medications.names import MAYBE_NOT_ORDERED, Named, read
from clinical.chart.resources.json_access import Coding, codings, id_of, names, referenced_id, text
from clinical.chart.resources.scope import Resource
from shared.frozen import dataclass
from shared.json_members import fields, items
from shared.patterns import pattern

_NOT_WHERE = {drugs.name: pattern(rf"(?i)\b({drugs.not_where})\b") for drugs in DRUG_CLASSES}

Medications = Mapping[str, tuple[Resource, ...]]
# Any of several copies that differ may be the one that was ordered. More of them tell nothing.
_MOST_COPIES = 20


@dataclass(frozen=True, slots=True)
class Drug:
    """An entry's names, codings and dose forms for its drug."""

    names: tuple[str, ...]
    codings: tuple[Coding, ...]
    forms: tuple[str, ...]

    @property
    def charted(self) -> str:
        """Its first name, otherwise its first code."""
        return next(chain(self.names, (one.code for one in self.codings if one.code)), "")

    @property
    def system(self) -> str:
        """The code system of its first coding."""
        return self.codings[0].system if self.codings else ""


def drug_of(entry: Resource, medications: Medications) -> Drug:
    """Return the drug of an order, from its own concept and the Medication that it refers to."""
    concepts: list[object] = [entry.get("medicationCodeableConcept")]
    reference = fields(entry.get("medicationReference"))
    drug_names = [text(reference.get("display"))]
    forms: list[str] = []
    contained = _contained(entry)
    for medication in _medications(reference, contained, medications):
        concepts.append(medication.get("code"))
        forms.extend(names(medication.get("form")))
        for ingredient in map(fields, items(medication.get("ingredient"))):
            part = fields(ingredient.get("itemReference"))
            drug_names.append(text(part.get("display")))
            concepts.append(ingredient.get("itemCodeableConcept"))
            concepts += [one.get("code") for one in _medications(part, contained, medications)]
    drug_names += [name for concept in concepts for name in names(concept)]
    return Drug(
        names=tuple(dict.fromkeys(filter(None, drug_names))),
        codings=tuple(coding for concept in concepts for coding in codings(concept)),
        forms=tuple(forms),
    )


def _contained(entry: Resource) -> Mapping[str, list[Resource]]:
    """Return the Medications and Substances that an entry contains, by id."""
    known: dict[str, list[Resource]] = defaultdict(list)
    for contained in map(fields, items(entry.get("contained"))):
        if contained.get("resourceType") in ("Medication", "Substance"):
            known[id_of(contained)].append(contained)
    return known


def _medications(
    reference: Resource, contained: Mapping[str, list[Resource]], medications: Medications
) -> Iterator[Resource]:
    """Yield the referenced Medication or Substance: contained in the entry, or included.

    If it has too many copies, it's unknown.
    """
    local = contained.get(text(reference.get("reference")).removeprefix("#"), ())
    sent_along = medications.get(referenced_id(reference, "Medication"), ())
    if len(local) + len(sent_along) <= _MOST_COPIES:
        yield from local
        yield from sorted(sent_along, key=lambda medication: names(medication.get("code")))


_Match = tuple[Named, Coding | None, str]


def classify(drug: Drug) -> Classification:
    """Return the drug classes of a drug. A drug outside all classes still counts as known."""
    atc = [one for one in _of_system(drug, System.ATC) if ATC_CODE.fullmatch(one.code)]
    by_name = [(name, read(name)) for name in drug.names]
    matches: list[_Match] = [
        (named, one, drug.charted) for one in atc for named in of_atc(one.code)
    ]
    listed = {item for one in atc for item in decided_by_name(one.code)}
    rxnorm = _of_system(drug, System.RXNORM)
    if not atc:
        matches += [(named, one, drug.charted) for one in rxnorm for named in of_rxnorm(one.code)]
    # If one name of the order may negate a class, its other names can only suggest that class, too.
    maybe_not = {
        one.item: one for _, words in by_name for one in words.named if one.why == MAYBE_NOT_ORDERED
    }
    for name, words in by_name:
        named = (maybe_not.get(one.item, one) for one in words.named)
        matches += [(one, None, name) for one in named if not atc or one.item in listed]
    claims = tuple(_claims(drug, matches))
    known = atc or claims or any(words.known for _, words in by_name)
    # RxNorm names include the ingredients.
    known = known or any(one.display or of_rxnorm(one.code) for one in rxnorm if one.code)
    return Classification(claims) if known else UNCLASSIFIED


def _of_system(drug: Drug, system: System) -> list[Coding]:
    return [one for one in drug.codings if one.code and system_of(one.system) is system]


def _claims(drug: Drug, matches: Iterable[_Match]) -> Iterator[Claim]:
    """Yield the strongest claim for each class, except if the order shows another use."""
    best: dict[str, _Match] = {}
    for named, code, charted in matches:
        if named.item not in best or (best[named.item][0].why and not named.why):
            best[named.item] = named, code, charted
    for item, (named, code, charted) in best.items():
        if any(_NOT_WHERE[item].search(name) for name in drug.names):
            continue
        if named.why:
            yield Claim(item, code, Flag.SUGGESTION, f"{named.why}; please confirm", charted)
        else:
            yield Claim(item, code, charted=charted)
