"""The errors that users and callers see: a tree of classes, whose leaves have stable codes.

The codes and statuses are public, and docs/errors.md is generated from these classes. A class has
what happened (`title`), the most probable cause (`why`), what to do (`steps`), and a title and
reason for clinicians (`plainly`). An instance may have more specific texts. `cause` is the id of
the cause in docs/troubleshooting.md, if there is one. `evidence` is for developers: it's logged,
and shown on pages only with `error_details = "full"`. It must not contain a token, code, verifier,
state, cookie, secret or patient data. `shown` is text from the EHR, which may contain anything, so
it's shown on those pages but not logged.

An error is created once, where it happens, and not changed afterwards. Pages show a Refusal: the
error and everything else that is known about the failure (shared/inbound/refusal.py).

    CodedError
    ├── RequestError      the request itself: form, method, media type, URL
    ├── LaunchError       the start of a launch: the EHR and its discovery document
    ├── CallbackError     the callback: state, browser, issuer, the EHR's response
    ├── SessionError      the sender: session, origin, scope, patient
    ├── CdsError          an EHR's call to cds_services: its token, its server, its data
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
