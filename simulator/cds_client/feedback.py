"""Feedback to a CDS service about the outcome of a card (CDS Hooks 2.0, Feedback)."""

import json
from datetime import UTC, datetime

from simulator import trace
from simulator.cds import http_client
from simulator.cds.answer import Card, Reason
from simulator.cds.token import Audience
from simulator.cds_client.exchange import authorization
from simulator.oauth.registrations import Registration
from simulator.vendors.installation import Installation


def send(
    ehr: Installation, client: Registration, service: str, card: Card, reason: Reason | None
) -> bool:
    """Report a card as followed (`reason` is None) or overridden; return whether it worked."""
    endpoint = f"{service}/feedback"
    audience = service if ehr.profile.cds.one_audience else endpoint
    data = json.dumps({"feedback": [_entry(ehr, card, reason)]}).encode()
    headers = {"Content-Type": "application/json"}
    headers |= authorization(
        ehr, client, Audience(audience, client.cds_services or ""), frozenset()
    )
    response = http_client.send(endpoint, headers, data)
    return trace.check(
        response.status == 200 and not response.problem,
        "feedback",
        f"{'followed' if reason is None else reason.code}: the service returned 200",
        response.problem or f"the service returned {response.status}, not 200",
    )


def _entry(ehr: Installation, card: Card, reason: Reason | None) -> dict[str, object]:
    when = datetime.fromtimestamp(ehr.clock(), UTC).isoformat(timespec="seconds")
    entry: dict[str, object] = {
        "card": card.uuid,
        "outcome": "accepted" if reason is None else "overridden",
        "outcomeTimestamp": when.replace("+00:00", "Z"),
    }
    if reason is not None and reason.code:
        coding = {"code": reason.code, "system": reason.system, "display": reason.display}
        name = "overrideReasons" if ehr.profile.cds.plural_reasons else "overrideReason"
        entry[name] = {"reason": coding}
    return entry
