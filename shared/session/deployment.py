"""Create the dependencies of a function with sessions once, at startup, from the settings."""

import time

from shared.config.secret_references import resolve_sealing_keys
from shared.config.settings import Settings
from shared.frozen import dataclass
from shared.oidc.keys import Keys
from shared.sealing import Sealer
from shared.session.sessions import Sessions
from shared.smart import client_auth
from shared.smart.client_auth import Clients
from shared.store import Store, open_store


@dataclass(frozen=True, slots=True)
class Deployment:
    """One store, one set of keys and credentials, and the sessions that use them."""

    store: Store
    clients: Clients
    sealer: Sealer
    keys: Keys
    sessions: Sessions


def start(settings: Settings) -> Deployment:
    """Resolve every secret and open the store.

    If a secret can't be used, exit and report all problems at once.
    """
    clients, problems = client_auth.resolve(settings)
    sealer = Sealer(resolve_sealing_keys(settings, problems))
    store, keys = open_store(settings.store), Keys()
    sessions = Sessions(store, sealer, settings, clients, keys, time.time)
    return Deployment(store, clients, sealer, keys, sessions)
