"""Any EHR: messages of browsers, networks, TLS and build tools, before OAuth is involved."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry

_entry = partial(entry, where="launch", source=sources.INFERRED)

ENTRIES: tuple[Entry, ...] = (
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
            r"\bno 'access-control-allow-|cors header 'access-control-allow-origin' missing",
        ),
        source=sources.FETCH,
    ),
    _entry(
        "generic/fetch-failed",
        "The browser got no response, or one that the page isn't allowed to read. The page can't "
        "find out why.",
        causes.cors_blocked("possible", source=sources.inferred(sources.FETCH)),
        causes.fhir_base_wrong("possible", source=sources.INFERRED),
        causes.tls_untrusted("possible", source=sources.INFERRED),
        says="TypeError: Failed to fetch / NetworkError when attempting to fetch resource",
        patterns=(r"\bfailed to fetch\b(?! the)|networkerror when attempting|xhr error\b",),
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
                r"|not trusted|untrusted)|ssl ?handshake\w{0,20}exception"
            ),
        ),
        source=sources.RFC_5280,
    ),
    _entry(
        "generic/host-unknown",
        "No server responds at this URL, so the request didn't reach an EHR.",
        causes.fhir_base_wrong(
            "likely",
            source=sources.INFERRED,
            title="The host in the URL is wrong or no longer exists.",
        ),
        causes.ehr_side(
            "possible",
            "The host, or the DNS server for its name, doesn't respond.",
            source=sources.INFERRED,
            title="The server is down.",
        ),
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
    ),
    _entry(
        "generic/iss-not-given",
        "The launch page was opened without the `iss` and `launch` that an EHR adds.",
        causes.launch_parameter_missing(
            "likely",
            None,
            causes.launch_parameter_missing.steps[0],
            "If you don't have an EHR, enter the app's launch URL in a sandbox or in the SMART "
            "launcher (`launch.smarthealthit.org`), and launch from there.",
            *causes.launch_parameter_missing.steps[1:],
            source=f"{sources.SMART}; {sources.CENTILES_4}",
        ),
        says="Failed to discover authorization URL given: undefined / No server url found",
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
        source=sources.CENTILES_4,
    ),
    _entry(
        "generic/state",
        "The page that completes a launch can't find the launch that it should complete.",
        causes.state_unknown("likely", source=f"{sources.RFC_6749}; {sources.GROWTH_62}"),
        causes.cookies_blocked("possible", source=sources.INFERRED),
        causes.launch_parameter_missing("possible"),
        says="No 'state' parameter found / state mismatch",
        patterns=(
            r"no '?state'? (?:parameter )?(?:was )?found|no matching state[^\n]{0,30}",
            (
                r"\b(?:invalid|unknown|missing|bad)[ _]'?state\b(?! ?unknown)|\bstate (?:mismatch"
                r"|does ?n.t match|not found|is missing)"
            ),
        ),
        source=sources.GROWTH_62,
    ),
    _entry(
        "generic/discovery-missing",
        "The document that lists the authorize and token URLs wasn't found.",
        causes.discovery_missing("likely"),
        causes.fhir_base_wrong("possible", source=sources.INFERRED),
        says=".well-known/smart-configuration 404 / could not fetch the well-known JSON",
        patterns=(
            r"(?:smart|openid)-configuration\b[^\n]{0,90}\b(?:404|not found)\b",
            r"\b404\b[^\n]{0,90}(?:smart|openid)-configuration",
            (
                r"(?:failed|could ?n.t|could not|unable|cannot)[^\n]{0,30}(?:fetch|find|load|read"
                r"|get)[^\n]{0,20}(?:well-known|oauth (?:endpoints|ur[il]s))[^\n]{0,60}"
            ),
        ),
        source=sources.SMART,
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
            (
                r"/(?:metadata|\.well-known/smart-configuration)\b[^\n]{0,40}\s?"
                r"(?:\S{1,12}\s){0,3}\b40[13]\b[\s\S]{0,300}"
            ),
        ),
        source=sources.OPENEMR_4230,
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
        "generic/fhir-version",
        "The client can't read the server's response, because their FHIR versions differ.",
        causes.fhir_version_mismatch("likely"),
        says='expected "Conformance" but found "CapabilityStatement"',
        where="FHIR answer",
        patterns=(
            (
                r"expected \W?conformance\W? but found|unsupported fhir version|fhir ?version "
                r"(?:mismatch|is not supported|does not match)|\b(?:dstu2|stu3|r4b?|r5) (?:client"
                r"|library|model)s? (?:with|against|and) (?:an? )?(?:dstu2|stu3|r4b?|r5)\b"
            ),
        ),
    ),
    _entry(
        "generic/not-a-launch",
        "A build tool, a package or a cloud platform stopped the program.",
        causes.not_a_launch_problem("likely"),
        says="Module not found / npm ERR! / Permission … denied on resource",
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
    ),
)
