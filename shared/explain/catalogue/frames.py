"""Pages and frames: failures that show in the browser, such as a blank page inside the EHR."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry

_entry = partial(entry, where="launch")

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "oracle/powerchart-blank",
        "The app's page stays blank inside PowerChart, but opens in a browser.",
        causes.ehr_side(
            "possible",
            "PowerChart needs a public https URL on port 443 with a certificate that the "
            "hospital's machines trust.",
            "Open the launch URL in the browser of a hospital workstation.",
            "Run `make doctor CONFIG=smart.toml` and check `public_url_unreachable`.",
            "Ask the site how the app is configured in PowerChart.",
            source=f"{sources.SMART_OVERVIEW}; {sources.FORUM_POWERCHART}; "
            "which of them applies is inferred",
            title="PowerChart can't reach the app's URL.",
        ),
        causes.cookies_blocked(
            "possible",
            "PowerChart shows apps in WebView2, or at older sites in Internet Explorer, which "
            "doesn't support partitioned cookies. Pop-ups don't share cookies with PowerChart's "
            "iframe.",
            source=sources.SMART_OVERVIEW,
        ),
        says="site not loading in PowerChart",
        patterns=(r"not loading in powerchart", r"\bpowerchart\b[^\n]{0,60}\b(?:blank|white)\b"),
        source=f"{sources.FORUM_POWERCHART}; {sources.SMART_OVERVIEW}",
    ),
    _entry(
        "generic/frame-refused",
        "The browser won't show a page in a frame, because the page's own headers forbid it.",
        causes.frame_refused(
            "likely",
            "This app doesn't send `X-Frame-Options`. A gateway or load balancer in front of it "
            "might, and so might the EHR's login page. If `frame_ancestors` is set, it must "
            "include every frame around the app. Oracle Health's MPages don't work with any such "
            "list.",
            source=f"{sources.EMBEDDABLE}; the sender of the header is inferred",
        ),
        says="Refused to display … in a frame because it set 'X-Frame-Options' / frame-ancestors",
        patterns=(
            r"refused to (?:display|frame)\b[^\n]{0,200}",
            r"in a frame because\b|ancestor violates\b|refused to connect\b(?! to '| because)",
            (
                r"\b(?:denied|blocked) by (?:the )?x-frame-options|frame-ancestors\W{1,3}(?:'none'"
                r"|'self')"
            ),
        ),
        source=sources.EMBEDDABLE,
    ),
    _entry(
        "oracle/identity-provider-page",
        "Oracle Health uses a script in this page, not a redirect, to send the browser to the "
        "login page. The page doesn't mean that the request was accepted or refused.",
        causes.request_malformed(
            "possible",
            "A script or test sent the authorization request, but it can't sign in.",
            "Open the authorization request in a browser.",
            source=sources.inferred(f"{sources.SIGN_IN_CHECKER} and {sources.YOURPHR}"),
            title="A program called an endpoint that is meant for a browser.",
        ),
        says="HTTP 200 with IdentityProviderRedirectPage from the authorization endpoint",
        where="error page",
        patterns=("identityproviderredirectpage",),
        source=f"{sources.SIGN_IN_CHECKER}; {sources.YOURPHR}",
    ),
    _entry(
        "epic/frame",
        "The launch fails inside Epic's frame but works outside it.",
        causes.cookies_blocked(
            "possible",
            "In the frame, the app is a third party, so cookies, storage and messages between "
            "windows are restricted.",
            source=sources.inferred(sources.CLIENT_JS_75),
        ),
        says="works in a tab, fails inside Epic (Hyperspace, Hyperdrive)",
        patterns=(r"only (?:inside|in|within) (?:epic|hyperspace|hyperdrive)\b",),
        source=sources.CLIENT_JS_75,
    ),
    _entry(
        "smart-launcher/iframe",
        "The launcher shows the app in an iframe, where the app is a third party.",
        causes.cookies_blocked(
            "likely",
            "The browser doesn't send the app's launch cookie to the callback.",
            "Turn off the launcher's frame, or allow partitioned cookies in the browser.",
        ),
        says="fails with Simulate launch within the EHR user interface",
        patterns=("launch within the ehr user interface",),
        source=f"{sources.LAUNCHER_34}; {sources.CLIENT_JS_115}",
    ),
)
