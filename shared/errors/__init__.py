"""Every failure that an outsider can see: one tree, each leaf with a stable code.

The codes and statuses are public: docs/errors.md is made of these classes. A class says what
happened (`title`), the most probable cause (`why`) and what to do (`steps`), and the first two to a
clinician (`plainly`). An instance may have text that is closer to the case. `cause` is the id of
that cause (docs/troubleshooting.md), if it has one. `evidence` is for developers: it is logged, and
shown on pages only with `error_details = "full"`. It must not contain a token, code, verifier,
state, cookie, secret or patient data. `shown` goes to those pages but not to the log: it's text
from the EHR, which may contain anything.

An error is built once, where it happens, and isn't changed afterwards. A Refusal has the error and
what else is known of it, and is what pages show (shared/inbound/refusal.py).

    SmartError
    ├── RequestError      the request itself: form, method, media type, URL
    ├── LaunchError       launch: which EHR, discovery
    ├── CallbackError     callback: state, browser, issuer, the EHR's response
    ├── SessionError      who sends it: session, caller, scope, patient
    ├── CdsError          an EHR that calls cds_services: its token, its server, its data
    ├── UpstreamError     the EHR's FHIR API
    └── ServiceError      this app: store, configuration
"""

from shared.errors.base import *  # noqa: F403 - has only errors
from shared.errors.callback import *  # noqa: F403 - has only errors
from shared.errors.cds import *  # noqa: F403 - has only errors
from shared.errors.launch import *  # noqa: F403 - has only errors
from shared.errors.request import *  # noqa: F403 - has only errors
from shared.errors.service import *  # noqa: F403 - has only errors
from shared.errors.session import *  # noqa: F403 - has only errors
from shared.errors.upstream import *  # noqa: F403 - has only errors
