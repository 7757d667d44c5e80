"""The EHR's users: two invented clinicians, and each patient for patient apps (OpenID Connect Core
1.0 section 5.1; SMART App Launch 2.2, Scopes for requesting identity data).
"""

from dataclasses import dataclass

from simulator.charts.resources import Charts


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated user.

    `subject`: `sub` in an id_token, a value that doesn't reveal who the person is. `reference`: the
    person's FHIR resource, relative to the FHIR base.
    """

    subject: str
    name: str
    reference: str


CLINICIANS = {
    "clara": User("simulated-user-1", "Clara Testclinician", "Practitioner/synthetic-clara"),
    "conrad": User("simulated-user-2", "Conrad Testclinician", "Practitioner/synthetic-conrad"),
}
DEFAULT_USER = "clara"


def find_user(key: str | None, charts: Charts) -> User | None:
    """Return a clinician by key, or a patient by FHIR id; None returns the default clinician."""
    if key is None:
        return CLINICIANS[DEFAULT_USER]
    if key in CLINICIANS:
        return CLINICIANS[key]
    patient = charts.patient(key)
    if patient is None:
        return None
    return User(f"simulated-{patient.id}", patient.name, f"Patient/{patient.id}")


def other_user(user: User) -> User:
    """Return a clinician who is not this user."""
    return next(one for one in CLINICIANS.values() if one != user)
