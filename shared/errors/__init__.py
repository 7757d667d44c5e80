"""Every failure that an outsider can see: one tree, each leaf with a stable code.

The codes and statuses are public: docs/errors.md is made of these classes. A class says what
happened (`title`), the most probable cause (`why`) and what to do (`steps`), and the first two to a
clinician (`plainly`); an instance may have something closer to the case instead. `cause` is the id
of that cause (docs/troubleshooting.md), where it has one. `evidence` is for developers: it is
logged, and shown on pages only with `error_details = "full"`. None of it may hold a token, code,
verifier, state, cookie, secret or patient data. `shown` goes to those pages but not to the log: the
words of others, which may hold anything.

An error is built once, where it happens, and nothing is written into it afterwards. What is known
of it besides is put beside it, in a Refusal, which is what is shown (shared/inbound/refusal.py).

    SmartError
    ├── RequestError      the request itself: shape, method, media type, address
    ├── LaunchError       launch: which EHR, discovery
    ├── CallbackError     callback: state, browser, issuer, the EHR's answer
    ├── SessionError      who asks: session, caller, scope, patient
    ├── CdsError          an EHR that calls cds_services: its token, its server, its data
    ├── UpstreamError     the EHR's FHIR API
    └── ServiceError      our own side: store, configuration
"""

from shared.errors.base import *  # noqa: F403 - errors alone
from shared.errors.callback import *  # noqa: F403 - errors alone
from shared.errors.cds import *  # noqa: F403 - errors alone
from shared.errors.launch import *  # noqa: F403 - errors alone
from shared.errors.request import *  # noqa: F403 - errors alone
from shared.errors.service import *  # noqa: F403 - errors alone
from shared.errors.session import *  # noqa: F403 - errors alone
from shared.errors.upstream import *  # noqa: F403 - errors alone
