"""Any EHR: the fixed messages of browsers, networks and TLS, which no server writes."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry

_entry = partial(entry, where="launch", source=sources.INFERRED, alone=True)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "generic/frame-refused",
        "The browser won't show a page in a frame, because the page's own headers forbid it.",
        causes.frame_refused("likely", source=f"{sources.EMBEDDABLE}; the sender is inferred"),
        says="Refused to display … in a frame because it set 'X-Frame-Options' / frame-ancestors",
        patterns=(
            r"refused to (?:display|frame)\b[^\n]{0,200}",
            r"in a frame because\b|ancestor violates\b|refused to connect\b(?! to '| because)",
            (
                r"\b(?:denied|blocked) by (?:the )?x-frame-options|load denied by x-frame"
                r"|frame-ancestors"
                r"\W{1,3}(?:'none'|'self')"
            ),
        ),
        source=sources.EMBEDDABLE,
    ),
    _entry(
        "generic/content-blocked",
        "The browser didn't send the request: the page's own policy, mixed content, or an "
        "extension.",
        causes.content_blocked("certain", source=sources.CSP),
        says="Refused to connect … Content Security Policy / Mixed Content / ERR_BLOCKED_BY_CLIENT",
        patterns=(
            r"violates the following content security policy directive[^\n]{0,200}",
            (
                r"content[- ]security[- ]policy[^\n]{0,120}\bblocked\b[^\n]{0,120}|blocked the "
                r"loading "
                r"of "
                r"(?:a resource|mixed)[^\n]{0,200}"
            ),
            r"\bmixed content:[^\n]{0,200}|err_blocked_by_(?:client|csp)\b",
        ),
        source=sources.CSP,
    ),
    _entry(
        "generic/cors",
        "The browser sent a request to another origin, but doesn't let the page read the response.",
        causes.cors_blocked("certain"),
        says="has been blocked by CORS policy / Cross-Origin Request Blocked",
        patterns=(
            r"(?:from origin '[^'\n]{1,300}' has been )?blocked by cors policy[^\n]{0,200}",
            (
                r"cross-origin request blocked[^\n]{0,200}|origin \S{1,300} is not allowed by"
                r" access-con"
            ),
            (
                r"\bdoesn't pass access control check|\bno 'access-control-allow-|cors header "
                r"'access-control-allow-origin' missing"
                r"|is not "
                r"allowed by access-control-allow-|credential is not supported if the cors header"
            ),
        ),
        source=sources.FETCH,
    ),
    _entry(
        "generic/fetch-failed",
        "The browser got no response, or one that the page isn't allowed to read. The page can't "
        "find out why.",
        causes.cors_blocked("possible", source=sources.inferred(sources.FETCH)),
        causes.network_unreachable("possible", source=sources.INFERRED),
        causes.tls_untrusted("possible", source=sources.INFERRED),
        says="TypeError: Failed to fetch / NetworkError when attempting to fetch resource",
        patterns=(
            r"\bfailed to fetch\b(?! the)|networkerror when attempting|xhr error\b|\bload failed",
        ),
        source=sources.FETCH,
    ),
    _entry(
        "generic/tls",
        "The connection ended before any request was sent, because a certificate wasn't accepted.",
        causes.tls_untrusted("certain"),
        says="CERTIFICATE_VERIFY_FAILED / PKIX path building failed / unable to verify the first "
        "certificate",
        patterns=(
            (
                r"certificate[_ ]verify[_ ]failed[^\n]{0,120}|err_cert_\w{1,20}|pkix path building"
                r" failed"
            ),
            (
                r"unable to (?:verify the first|get local issuer) certificate|self[- ]signed"
                r" certificate|unable_to_verify_leaf\w{1,20}|depth_zero_self\w{1,20}"
            ),
            (
                r"x509: certificate[^\n]{0,80}|(?:remote|ssl|tls) certificate[^\n]{0,30}(?:invalid"
                r"|not trusted|untrusted)|ssl ?handshake\w{0,20}exception|ssl certificate problem"
            ),
        ),
        source=sources.RFC_5280,
    ),
    _entry(
        "generic/host-unknown",
        "No server has this name, so the request didn't reach an EHR.",
        causes.fhir_base_wrong(
            "likely",
            source=sources.INFERRED,
            title="The host in the URL is wrong or no longer exists.",
        ),
        causes.network_unreachable("possible", source=sources.INFERRED),
        says="getaddrinfo ENOTFOUND / Name or service not known / ERR_NAME_NOT_RESOLVED",
        where="FHIR answer",
        patterns=(
            (
                r"\benotfound\b|err_name_not_resolved|name or service not known"
                r"|unknownhostexception"
                r"|could ?n[o']t (?:be )?resolved? host|no such host|nxdomain|nodename nor servname"
                r"|name resolution|eai_again|name could not be resolved"
            ),
        ),
    ),
    _entry(
        "generic/network-unreachable",
        "The connection to the server failed or broke off before a response came.",
        causes.network_unreachable("likely", source=sources.INFERRED),
        causes.ehr_side("likely", title="The server is down.", source=sources.INFERRED),
        causes.fhir_base_wrong("possible", source=sources.INFERRED),
        says="ECONNREFUSED / ETIMEDOUT / ECONNRESET / socket hang up / connection timed out",
        where="FHIR answer",
        patterns=(
            (
                r"\be(?:conn(?:refused|reset|aborted)|timedout|hostunreach|netunreach|pipe)\b"
                r"|socket "
                r"hang up|err_connection_\w{4,12}|err_(?:timed_out|network_changed"
                r"|internet_disconn\w+)"
                r"|connection (?:was )?(?:refused|reset|timed out|aborted|closed)|no route to host"
            ),
            (
                r"(?:connect|socket)[ _]?time(?:d[ _])?-?out\w{0,20}|remote end closed|actively "
                r"refused"
                r"|i/o timeout|curl: ?\((?:7|35|52|56)\)|ssl_connect: |unexpected eof"
            ),
        ),
    ),
    _entry(
        "generic/no-answer",
        "The server took the connection and sent no response in time.",
        causes.ehr_side("likely", source=sources.INFERRED),
        causes.network_unreachable("possible", source=sources.INFERRED),
        says="Read timed out / Operation timed out with 0 bytes received / 504 Gateway Timeout",
        where="FHIR answer",
        patterns=(
            (
                r"\b(?:read|request|operation)[ _]?time(?:d[ _])?-?out\w{0,20}|timeout of \d+ ?ms "
                r"exceeded"
                r"|deadline exceeded|curl: ?\(28\)|no response (?:was )?received"
            ),
        ),
    ),
    _entry(
        "generic/discovery-needs-token",
        "The server doesn't let the app read its configuration.",
        causes.ehr_side(
            "likely",
            "Apps read discovery and `metadata` before they have a token (SMART App Launch 2.2).",
            (
                "Update or fix the FHIR server, or the gateway in front of it: `metadata` and "
                "`.well-known/smart-configuration` must be readable without a token."
            ),
            title="The FHIR server requires a token before the app can have one.",
        ),
        says="401 from metadata or smart-configuration",
        patterns=(
            r"/(?:metadata|\.well-known/smart-configuration)\b[^\n]{0,40}\s?(?:\S{1,12}\s){0,3}\b40[13]\b",
        ),
        source=sources.OPENEMR_4230,
    ),
    _entry(
        "generic/xml-answer",
        "The server answered in XML, and the program expects JSON.",
        causes.fhir_request_invalid(
            "likely",
            "The `Accept` header is missing, or it's `*/*`.",
            "Send `Accept: application/fhir+json`.",
            title="The request doesn't ask for JSON.",
            source=sources.R4,
        ),
        says="Unexpected token, XML is not valid JSON",
        where="FHIR answer",
        patterns=(
            r"unexpected token '?<'?[^\n]{0,20}(?:<\?xml|<(?!html|!)[a-z]{4,24} xm)[^\n]{0,40}",
            r"content-type: application/fhir\+xml",
        ),
        source=sources.R4,
    ),
    _entry(
        "generic/html-answer",
        "The server answered with a web page, and the program expects JSON.",
        causes.fhir_base_wrong("likely", title="The URL is one of a web page, not of the API."),
        causes.endpoint_wrong("possible"),
        says="Unexpected token in JSON at position 0, a web page is not valid JSON",
        where="FHIR answer",
        patterns=(
            (
                r"unexpected token '?<'?[^\n]{0,20}(?:<!doctype|<html)[^\n]{0,40}|unexpected token "
                r"'?<'?"
                r"(?: in json)?[^\n]{0,20}position 0"
            ),
        ),
    ),
    _entry(
        "generic/links-wrong",
        "The URLs in the server's Bundles point somewhere other than its FHIR base.",
        causes.fhir_base_wrong(
            "likely",
            "Behind a proxy, the FHIR server builds its links from the forwarded host, scheme "
            "and port.",
            (
                "On the FHIR server, set the public base URL, or correct the forwarded "
                "host and port that the proxy sends."
            ),
            title="The FHIR server writes the wrong URL into its links.",
        ),
        says="next link points to localhost, http or a doubled port",
        where="FHIR answer",
        patterns=(
            (
                r":443:443|:80:443|\b(?:next|self)\b['\" ]{0,3}(?:links?|url)?[^\n]{0,70}\b"
                r"(?:localhost|http://|internal host|wrong (?:host|port)|private (?:host|ip))"
            ),
        ),
    ),
    _entry(
        "generic/not-a-launch",
        "A build tool, a package or a cloud platform stopped the program.",
        causes.not_a_launch_problem("likely"),
        says="Module not found / npm ERR! / Address already in use / Permission … denied",
        patterns=(
            (
                r"\bmodule not found\b|\bcannot find module\b|\bcan't resolve '|\bnpm err!|\bno"
                r" module named|could not resolve dependenc|\berror ts\d{4}|modulenotfounderror"
            ),
            (
                r"permission '?[a-z]+\.[a-z]+\.[a-z]+'? denied|not authorized to perform:"
                r" [a-z0-9]+:[a-z]+"
            ),
            (
                r"address already in use|eaddrinuse|port is already allocated|\beacces\b"
                r"|syntaxerror: (?!unexpected token '?<"
                r")[^\n]{0,60}|command not found|no space left|out of memory|\bgradle\b[^\n]{0,40}"
                r"failed|could not find artifact|peer dep|eresolve|cannot find symbol"
            ),
        ),
    ),
)
