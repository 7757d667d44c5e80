"""Any EHR: responses of proxies, gateways and firewalls in place of the token endpoint's own.

RFC 6749 5.2 has the token endpoint send its errors as JSON. A response without one comes from
something in front of it (RFC 9110 15, RFC 6585), or from a server that failed.
"""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow

_ID = (
    "Give the EHR's operator the time, the client ID, this app's outbound IP address and every "
    "number or ID in the response."
)
# The app's page shows this as the most probable cause, so it has to be true for any refusal.
_REFUSED = "The app's request was refused."

_entry = partial(entry, where="token endpoint", source=sources.RFC_9110)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "generic/gateway-page",
        "A firewall or gateway in front of the EHR responded. The request didn't reach the server.",
        causes.ehr_side(
            "likely",
            "The response is worded like a firewall's or gateway's, and it isn't an OAuth error.",
            _ID,
            source=sources.INFERRED,
            title="A firewall or gateway in front of the EHR stopped the request.",
            plainly="The app's request didn't reach the EHR.",
        ),
        says="The requested URL was rejected / Request unsuccessful / no healthy upstream",
        alone=True,
        patterns=(
            r"\bthe requested url was rejected\b[^\n]{0,80}",
            r"\brequest unsuccessful\. incapsula\b[^\n]{0,80}",
            r"\bupstream connect error\b[^\n]{0,80}|\bno healthy upstream\b",
            r"\bcloudflare ray id\b|\bno route matched with those values\b",
            r"\baccess denied\b[\s\S]{0,300}\breference ?(?:#|&#35;)",
        ),
        source=sources.INFERRED,
    ),
    _entry(
        "generic/token-no-upstream",
        "A gateway in front of the EHR's token endpoint got no usable response from it.",
        causes.ehr_side(
            "likely",
            "Gateways return this status code in that case.",
            title="The server behind the EHR's gateway returned no usable response.",
            plainly="The EHR didn't respond as it should.",
        ),
        says="502 Bad Gateway or 504 Gateway Timeout from the token endpoint",
        statuses=(502, 504),
    ),
    _entry(
        "generic/token-failed",
        "The token endpoint, or a server in front of it, failed without an OAuth error.",
        causes.ehr_side("likely"),
        says="500 and other 5xx without an OAuth error from the token endpoint",
        statuses=(500, 501, 505, 507, 508, *range(520, 531), 598, 599),
    ),
    _entry(
        "generic/token-not-there",
        "There's no token endpoint at this URL, or a gateway doesn't forward requests to it.",
        causes.endpoint_wrong(
            "likely",
            "The app uses the `token_endpoint` from the EHR's discovery document.",
            (
                "Ask the EHR's operator to correct `token_endpoint` in "
                "`ISS/.well-known/smart-configuration`, or the route to it in the gateway."
            ),
            title="There's no token endpoint at the EHR's token URL.",
        ),
        causes.ehr_side("possible", source=sources.INFERRED),
        says="404, 405 or 410 without an OAuth error from the token endpoint",
        statuses=(404, 405, 410),
    ),
    _entry(
        "generic/token-proxy-login",
        "A proxy between the app and the EHR requires a login.",
        causes.ehr_side(
            "certain",
            "The proxy stopped the request before it reached the EHR.",
            "Ask the network's administrator to let the app reach the EHR directly.",
            title="A proxy between the app and the EHR requires a login.",
            plainly="The app's request didn't reach the EHR.",
        ),
        says="407 Proxy Authentication Required or 511 from the token endpoint",
        statuses=(407, 511),
    ),
    _entry(
        "generic/token-redirected",
        "The app doesn't follow redirects from the token URL, because the request contains the "
        "app's credentials.",
        causes.ehr_side(
            "possible",
            "The server has moved, or it's behind a gateway that signs users in.",
            (
                "Ask the EHR's operator to list the final URL as `token_endpoint` in "
                "`ISS/.well-known/smart-configuration`."
            ),
            "Ask the operator to exempt the token endpoint from the gateway's login.",
            _ID,
            source=sources.INFERRED,
            title="The EHR's token URL redirects elsewhere.",
        ),
        says="redirect (301, 302, 307 …) from the token endpoint",
        statuses=(301, 302, 303, 307, 308),
    ),
    _entry(
        "generic/token-401-without-error",
        "The request's authentication was refused without an OAuth error in JSON.",
        causes.client_auth_wrong("likely"),
        causes.ehr_side(
            "possible",
            "A token endpoint sends its errors as JSON. A proxy sends a web page or an empty "
            "response.",
            _ID,
            source=sources.inferred(sources.RFC_6749),
            title="A proxy or gateway in front of the token endpoint requires its own login.",
            plainly=_REFUSED,
        ),
        says="401 Unauthorized without an OAuth error from the token endpoint",
        statuses=(401,),
    ),
    _entry(
        "generic/token-400-without-error",
        "The request was refused without an OAuth error in JSON, so the reason is unknown.",
        causes.ehr_side(
            "possible",
            "The response doesn't show which of them refused the request, or why.",
            _ID,
            source=sources.inferred(sources.RFC_6749),
            title="The token endpoint, or a proxy in front of it, refused the request.",
            plainly=_REFUSED,
        ),
        causes.client_auth_wrong("possible", source=sources.INFERRED),
        causes.code_expired_or_used("possible", source=sources.INFERRED),
        says="400 Bad Request without an OAuth error from the token endpoint",
        statuses=(400,),
    ),
    _entry(
        "generic/token-media-type",
        "The token endpoint doesn't accept the format of the request.",
        causes.request_malformed(
            "likely",
            "The body wasn't sent as a form.",
            "Send the token request as a form (`application/x-www-form-urlencoded`) in the body.",
        ),
        says="415 Unsupported Media Type from the token endpoint",
        statuses=(415,),
    ),
    _entry(
        "generic/token-refused-without-error",
        "The request was refused without an OAuth error in JSON.",
        causes.ehr_side(
            "possible",
            "A token endpoint sends its errors as JSON. A proxy sends a web page or an empty "
            "response.",
            _ID,
            source=sources.inferred(sources.RFC_6749),
            title="A proxy or firewall in front of the token endpoint refused the request.",
            plainly=_REFUSED,
        ),
        causes.client_auth_wrong("possible", source=sources.INFERRED),
        says="406, 413, 431 … without an OAuth error from the token endpoint",
        statuses=(406, 411, 413, 414, 421, 422, 431, 451, 495, 496, 497, 498, 499),
        source=sources.RFC_6749,
    ),
    _entry(
        "generic/edge-access-denied",
        "Something in front of the token endpoint refused the request. The response is text, not "
        "an OAuth error in JSON.",
        causes.ehr_side(
            "possible",
            "The firewall or gateway might allow only certain networks, or reject the request's "
            "format.",
            (
                "Ask the EHR's operator whether this app's network is allowed to reach the token "
                "endpoint. Give them the time and the client ID."
            ),
            ByFlow(
                "If you can use another network, launch the app again from there.",
                backend="If you can use another network, try again from there.",
            ),
            source=sources.inferred(sources.DISCHARGE),
            title="A firewall or gateway in front of the EHR refused the request.",
            plainly="The app's request was refused.",
        ),
        causes.client_unknown(
            "possible",
            "The only known report is about Oracle Health's sandbox. The report's author guesses "
            "that an unused sandbox app had expired.",
            source=f"{sources.DISCHARGE} (its author's guess)",
        ),
        says="HTTP 403 Access denied, as text, from the token endpoint",
        statuses=(403,),
        source=sources.DISCHARGE,
    ),
)
