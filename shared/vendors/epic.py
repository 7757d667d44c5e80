"""Epic (docs/epic.md)."""

from shared.vendors.profile import Profile, SearchHabits, Signs

EPIC = Profile(
    name="epic",
    title="Epic",
    raw_basic=True,
    client_id_header="Epic-Client-ID",
    standalone_by_post=False,
    searches=SearchHabits(
        sort=False,
        condition_categories="problem-list-item,encounter-diagnosis",
        include_medications=True,
    ),
    signs=Signs(
        addresses=("epic.com", "urn:oid:1.2.840.114350", "interconnect-", "<title>oauth2 error"),
        names=("hyperspace", "hyperdrive", "epic fhir", "epic sandbox", "mychart"),
        word="Epic",
    ),
)
