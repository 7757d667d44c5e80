"""What a function with sessions runs on, made once at its start from the settings."""

import time
from dataclasses import dataclass

from shared.config.secret_references import resolve_sealing_keys
from shared.config.settings import Settings
from shared.oidc.keys import Keys
from shared.sealing import Sealer
from shared.session.sessions import Sessions
from shared.smart import client_auth
from shared.smart.client_auth import Clients
from shared.store import Store, open_store


@dataclass(frozen=True, slots=True)
class Deployment:
    """One store, one set of keys and credentials, and the sessions that live on them."""

    store: Store
    clients: Clients
    sealer: Sealer
    keys: Keys
    sessions: Sessions


def start(settings: Settings) -> Deployment:
    """Resolve every secret and open the store.

    Ends the process where a secret cannot be used, with all problems at once.
    """
    clients, problems = client_auth.resolve(settings)
    sealer = Sealer(resolve_sealing_keys(settings, problems))
    store, keys = open_store(settings.store), Keys()
    sessions = Sessions(store, sealer, settings, clients, keys, time.time)
    return Deployment(store, clients, sealer, keys, sessions)
