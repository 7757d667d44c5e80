"""Code systems by URL and OID, because charts name the same system in many ways.

Sources: FHIR R4 terminologies-systems, the HL7 OID registry, and the URLs of national editions.
Case, a trailing slash and https are ignored.
"""

import re
from enum import Enum


class System(Enum):
    """A code system that the app reads. ICD10 is any edition of ICD-10 except ICD-10-CM."""

    ICD10 = "ICD-10"
    ICD10CM = "ICD-10-CM"
    ICD9CM = "ICD-9-CM"
    SNOMED = "SNOMED CT"
    RXNORM = "RxNorm"
    ATC = "ATC"
    LOINC = "LOINC"


_KNOWN = {
    "http://hl7.org/fhir/sid/icd-9-cm": System.ICD9CM,
    "http://hl7.org/fhir/sid/icd-9-cm/diagnosis": System.ICD9CM,
    "http://hl7.org/fhir/sid/icd-9": System.ICD9CM,
    "2.16.840.1.113883.6.103": System.ICD9CM,
    "2.16.840.1.113883.6.42": System.ICD9CM,
    "2.16.840.1.113883.6.90": System.ICD10CM,
    "2.16.840.1.113883.6.3": System.ICD10,
    "2.16.840.1.113883.6.3.1": System.ICD10,
    "2.16.840.1.113883.6.135": System.ICD10,  # AM
    # GM has one per year. 2012 and 2020 occur in public code; others aren't guessed.
    "1.2.276.0.76.5.409": System.ICD10,
    "1.2.276.0.76.5.486": System.ICD10,
    "http://snomed.info/sct": System.SNOMED,
    "2.16.840.1.113883.6.96": System.SNOMED,
    "http://www.nlm.nih.gov/research/umls/rxnorm": System.RXNORM,
    "2.16.840.1.113883.6.88": System.RXNORM,
    "http://www.whocc.no/atc": System.ATC,
    "http://fhir.de/codesystem/bfarm/atc": System.ATC,
    "http://fhir.de/codesystem/dimdi/atc": System.ATC,
    "2.16.840.1.113883.6.73": System.ATC,
    "http://loinc.org": System.LOINC,
    "2.16.840.1.113883.6.1": System.LOINC,
}
_EDITION_OF_SNOMED = "http://snomed.info/sct/"
_ICD10 = re.compile(r"icd-?10(?!.*-pcs)")
# ICD-10-US is another name for ICD-10-CM.
_ICD10CM = re.compile(r"icd-?10-?(cm|us)")


def system_of(address: str) -> System | None:
    """Return the code system of a `Coding.system`, or None if it isn't recognized."""
    plain = address.strip().lower().removeprefix("urn:oid:").rstrip("/")
    if plain.startswith("https://"):
        plain = f"http://{plain.removeprefix('https://')}"
    if known := _KNOWN.get(plain):
        return known
    if plain.startswith(_EDITION_OF_SNOMED):
        return System.SNOMED
    if _ICD10.search(plain):
        return System.ICD10CM if _ICD10CM.search(plain) else System.ICD10
    return None
