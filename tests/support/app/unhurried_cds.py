"""All functions behind the gateway, with more time for the EHRs of cds_services and for the store:
for tests about what is read, not about how long that may take on a machine with other work.
"""

from functions.cds_services import chart_reading, reader
from gateway.app import application
from shared.oidc import keys
from shared.store import sqlite

__all__ = ["application"]

reader.CALL_SECONDS = 25.0
reader.ALL_SECONDS = 28.0
vars(chart_reading)["ALL_SECONDS"] = 28.0  # its own name for it
keys.PINNED_SECONDS = 25.0
sqlite.BUSY_SECONDS = 25.0
