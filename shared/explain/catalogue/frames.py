"""Pages and frames: what shows in the browser, in the EHR's window, with or without an error."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="oracle/powerchart-blank",
        says="site not loading in PowerChart",
        where="launch",
        patterns=(r"not loading in powerchart", r"\bpowerchart\b[^\n]{0,60}\b(?:blank|white)\b"),
        meaning="The app's page stays empty inside PowerChart, and opens in a browser.",
        causes=(
            causes.ehr_side(
                "possible",
                (
                    f"{sources.SMART_OVERVIEW}; {sources.FORUM_POWERCHART}; "
                    "which of them it is: inferred"
                ),
                title="PowerChart cannot reach the app's address.",
                why="PowerChart needs a public https address on port 443 with a certificate that "
                "the hospital's machines trust.",
                steps=(
                    "Open the launch address in the browser of a hospital workstation.",
                    "Run `make doctor CONFIG=smart.toml` and see `public_url_unreachable`.",
                    "Ask the site how the app is configured in PowerChart.",
                ),
            ),
            causes.cookies_blocked(
                "possible",
                sources.SMART_OVERVIEW,
                why="PowerChart shows apps by WebView2, older sites by Internet Explorer, which "
                "knows no partitioned cookies. A pop-up there does not share cookies with the "
                "frame.",
            ),
        ),
        source=f"{sources.FORUM_POWERCHART}; {sources.SMART_OVERVIEW}",
    ),
    Entry(
        key="generic/frame-refused",
        says="Refused to display … in a frame because it set 'X-Frame-Options' / frame-ancestors",
        where="launch",
        patterns=(
            r"refused to (?:display|frame)\b[^\n]{0,200}",
            r"in a frame because\b|ancestor violates\b|refused to connect\b(?! to '| because)",
            (
                r"\b(?:denied|blocked) by (?:the )?x-frame-options|frame-ancestors\W{1,3}(?:'none'"
                r"|'self')"
            ),
        ),
        meaning="The browser shows a page in no frame, because the page's own headers forbid it.",
        causes=(
            causes.frame_refused(
                "likely",
                f"{sources.EMBEDDABLE}; who sends the header: inferred",
                why="This app sends no `X-Frame-Options`. A gateway or load balancer before it "
                "may, and so may the EHR's sign-in page. With `frame_ancestors` set, every frame "
                "around the app must be in it; Oracle Health's MPages break on any such list.",
            ),
        ),
        source=sources.EMBEDDABLE,
    ),
    Entry(
        key="oracle/identity-provider-page",
        says="HTTP 200 with IdentityProviderRedirectPage from the authorization endpoint",
        where="error page",
        patterns=("identityproviderredirectpage",),
        meaning="That is how Oracle Health sends a browser on to the sign-in: by a page with a "
        "script, not by a redirect. It says neither yes nor no to the request.",
        causes=(
            causes.request_malformed(
                "possible",
                sources.inferred(f"{sources.SIGN_IN_CHECKER} and {sources.YOURPHR}"),
                title="A program called what is meant for a browser.",
                why="The authorization request was sent by a script or test, which cannot sign in.",
                steps=("Open the authorization request in a browser.",),
            ),
        ),
        source=f"{sources.SIGN_IN_CHECKER}; {sources.YOURPHR}",
    ),
    Entry(
        key="epic/frame",
        says="works in a tab, fails inside Epic (Hyperspace, Hyperdrive)",
        where="launch",
        patterns=(r"only (?:inside|in|within) (?:epic|hyperspace|hyperdrive)\b",),
        meaning="The launch ends inside Epic's frame and works outside.",
        causes=(
            causes.cookies_blocked(
                "possible",
                sources.inferred(sources.CLIENT_JS_75),
                why="In the frame the app is a third party: cookies, storage and messages between "
                "windows are restricted there.",
            ),
        ),
        source=sources.CLIENT_JS_75,
    ),
    Entry(
        key="smart-launcher/iframe",
        says="fails with Simulate launch within the EHR user interface",
        where="launch",
        patterns=("launch within the ehr user interface",),
        meaning="The launcher shows the app in a frame, where it is a third party.",
        causes=(
            causes.cookies_blocked(
                "likely",
                why="The app's cookie of the launch does not come back at the callback.",
                steps=(
                    "Switch the launcher's frame off, or allow partitioned cookies in the browser.",
                ),
            ),
        ),
        source=f"{sources.LAUNCHER_34}; {sources.CLIENT_JS_115}",
    ),
)
