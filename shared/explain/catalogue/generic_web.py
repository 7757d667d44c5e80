"""Any EHR: what browsers, networks, TLS and build tools say before OAuth says anything."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="generic/cors",
        says="has been blocked by CORS policy / Cross-Origin Request Blocked",
        where="launch",
        patterns=(
            r"(?:from origin '[^'\n]{1,300}' has been )?blocked by cors policy[^\n]{0,200}",
            (
                r"cross-origin request blocked[^\n]{0,200}|origin \S{1,300} is not allowed by"
                r" access-con"
            ),
            r"\bno 'access-control-allow-|cors header 'access-control-allow-origin' missing",
        ),
        meaning="The browser sent a request to another origin and can't show the response to "
        "the page.",
        causes=(causes.cors_blocked("certain"),),
        source=sources.FETCH,
    ),
    Entry(
        key="generic/fetch-failed",
        says="TypeError: Failed to fetch / NetworkError when attempting to fetch resource",
        where="launch",
        patterns=(r"\bfailed to fetch\b(?! the)|networkerror when attempting|xhr error\b",),
        meaning="The browser got no response that the page is allowed to read, and doesn't tell "
        "the page more.",
        causes=(
            causes.cors_blocked("possible", sources.inferred(sources.FETCH)),
            causes.fhir_base_wrong("possible", sources.INFERRED),
            causes.tls_untrusted("possible", sources.INFERRED),
        ),
        source=sources.FETCH,
    ),
    Entry(
        key="generic/tls",
        says="CERTIFICATE_VERIFY_FAILED / PKIX path building failed / unable to verify the first "
        "certificate",
        where="launch",
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
                r"|not trusted|untrusted)|ssl ?handshake\w{0,20}exception"
            ),
        ),
        meaning="The connection ended before any request was sent, because a certificate wasn't "
        "accepted.",
        causes=(causes.tls_untrusted("certain"),),
        source=sources.RFC_5280,
    ),
    Entry(
        key="generic/host-unknown",
        says="getaddrinfo ENOTFOUND / Name or service not known / ERR_NAME_NOT_RESOLVED",
        where="FHIR answer",
        patterns=(
            (
                r"\benotfound\b|err_name_not_resolved|name or service not known"
                r"|unknownhostexception"
                r"|could ?n[o']t (?:be )?resolved? host|no such host|nxdomain|nodename nor servname"
            ),
            r"\beconnrefused\b|err_connection_refused|connection refused|no route to host",
        ),
        meaning="No server responds at this URL, so no EHR was called.",
        causes=(
            causes.fhir_base_wrong(
                "likely",
                sources.INFERRED,
                title="The host in the URL is wrong or no longer exists.",
            ),
            causes.ehr_side("possible", sources.INFERRED, title="The server is down."),
        ),
    ),
    Entry(
        key="generic/iss-not-given",
        says="Failed to discover authorization URL given: undefined / No server url found",
        where="launch",
        patterns=(
            (
                r"authorization url given\b[^\n]{0,20}|no (?:fhir )?server ?url (?:was )?(?:found"
                r"|given)"
            ),
            (
                r"\b(?:missing|required|no)\b[^\n]{0,30}(?:\b(?:iss|launch)['\"`]? (?:query |url )?"
                r"param|param(?:eter)?:? ['\"`]?(?:iss|launch)\b)"
            ),
        ),
        meaning="The launch page was opened without the `iss` and `launch` that an EHR adds.",
        causes=(
            causes.launch_parameter_missing("likely", f"{sources.SMART}; {sources.CENTILES_4}"),
        ),
        source=sources.CENTILES_4,
    ),
    Entry(
        key="generic/state",
        says="No 'state' parameter found / state mismatch",
        where="launch",
        patterns=(
            r"no '?state'? (?:parameter )?(?:was )?found|no matching state[^\n]{0,30}",
            (
                r"\b(?:invalid|unknown|missing|bad)[ _]'?state\b(?! ?unknown)|\bstate (?:mismatch"
                r"|does ?n.t match|not found|is missing)"
            ),
        ),
        meaning="The page that completes a launch doesn't find the launch that it belongs to.",
        causes=(
            causes.state_unknown("likely", f"{sources.RFC_6749}; {sources.GROWTH_62}"),
            causes.cookies_blocked("possible", sources.INFERRED),
            causes.launch_parameter_missing("possible"),
        ),
        source=sources.GROWTH_62,
    ),
    Entry(
        key="generic/discovery-missing",
        says=".well-known/smart-configuration 404 / could not fetch the well-known JSON",
        where="launch",
        patterns=(
            r"(?:smart|openid)-configuration\b[^\n]{0,90}\b(?:404|not found)\b",
            r"\b404\b[^\n]{0,90}(?:smart|openid)-configuration",
            (
                r"(?:failed|could ?n.t|could not|unable|cannot)[^\n]{0,30}(?:fetch|find|load|read"
                r"|get)[^\n]{0,20}(?:well-known|oauth (?:endpoints|ur[il]s))[^\n]{0,60}"
            ),
        ),
        meaning="The document that names the authorize and token URLs isn't there.",
        causes=(
            causes.discovery_missing("likely"),
            causes.fhir_base_wrong("possible", sources.INFERRED),
        ),
        source=sources.SMART,
    ),
    Entry(
        key="generic/discovery-needs-token",
        says="401 from metadata or smart-configuration",
        where="launch",
        patterns=(
            (
                r"/(?:metadata|\.well-known/smart-configuration)\b[^\n]{0,40}\s?"
                r"(?:\S{1,12}\s){0,3}\b40[13]\b[\s\S]{0,300}"
            ),
        ),
        meaning="The server refuses access to its own description, which must be readable "
        "without a token.",
        causes=(
            causes.ehr_side(
                "likely",
                title="The FHIR server requires a token before one can exist.",
                why="Discovery and `metadata` come before any token (SMART App Launch 2.2).",
                steps=(
                    (
                        "Update or fix the FHIR server or the gateway in front of it: `metadata` "
                        "and `.well-known/smart-configuration` must be readable without a "
                        "token."
                    ),
                ),
            ),
        ),
        source=sources.OPENEMR_4230,
    ),
    Entry(
        key="generic/links-wrong",
        says="next link points to localhost, http or a doubled port",
        where="FHIR answer",
        patterns=(
            (
                r":443:443|:80:443|\b(?:next|self)\b['\" ]{0,3}(?:links?|url)?[^\n]{0,70}\b"
                r"(?:localhost|http://|internal host|wrong (?:host|port)|private (?:host|ip))"
            ),
        ),
        meaning="The URLs in the server's Bundles point somewhere other than its FHIR base.",
        causes=(
            causes.fhir_base_wrong(
                "likely",
                title="The FHIR server writes the wrong URL into its links.",
                why="Behind a proxy, it builds links from the forwarded host, scheme and port.",
                steps=(
                    (
                        "On the FHIR server, set the public base URL, or correct the forwarded "
                        "host and port that the proxy sends."
                    ),
                ),
            ),
        ),
    ),
    Entry(
        key="generic/fhir-version",
        says='expected "Conformance" but found "CapabilityStatement"',
        where="FHIR answer",
        patterns=(
            (
                r"expected \W?conformance\W? but found|unsupported fhir version|fhir ?version "
                r"(?:mismatch|is not supported|does not match)|\b(?:dstu2|stu3|r4b?|r5) (?:client"
                r"|library|model)s? (?:with|against|and) (?:an? )?(?:dstu2|stu3|r4b?|r5)\b"
            ),
        ),
        meaning="The client can't read what the server sent, because its FHIR version differs.",
        causes=(causes.fhir_version_mismatch("likely"),),
    ),
    Entry(
        key="generic/not-a-launch",
        says="Module not found / npm ERR! / Permission … denied on resource",
        where="launch",
        patterns=(
            (
                r"\bmodule not found\b|\bcannot find module\b|\bcan't resolve '|\bnpm err!|\bno"
                r" module named|could not resolve dependencies|\berror ts\d{4}"
            ),
            (
                r"permission '?[a-z]+\.[a-z]+\.[a-z]+'? denied|not authorized to perform:"
                r" [a-z0-9]+:[a-z]+"
            ),
        ),
        meaning="A build tool, a package or a cloud platform stopped the program.",
        causes=(causes.not_a_launch_problem("likely"),),
    ),
)
