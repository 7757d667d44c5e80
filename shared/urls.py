"""Compare and build URLs and query strings without ambiguity.

An `iss` is only minimally normalized before it's compared with the configuration: scheme and host
in lowercase, without the default port and one trailing slash. Anything else that lets two spellings
mean one URL (user information, percent-encoding, dot segments, query, fragment, other alphabets) is
rejected, not interpreted. A double slash in the path is kept, because some EHRs publish such a base
on purpose.
"""

import re
from urllib.parse import quote_from_bytes, unquote, unquote_to_bytes, urljoin

# Without ASCII, IGNORECASE also matches other characters, such as U+212A (Kelvin sign) for k.
_ANY_CASE = re.ASCII | re.IGNORECASE
_BASE = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<path>(?:/{1,2}[A-Za-z0-9._~!$&'()+,;=:@-]+)*)/?",
    _ANY_CASE,
)
_AUTHORITY = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?=[/?#]|\Z)",
    _ANY_CASE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAIN = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")  # RFC 3986 2
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")  # RFC 3986 2.3
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
_MOST_CODINGS = 8
_LONGEST_LINK = 10_000
_LONGEST_ADDRESS = 2000
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Characters that must be encoded in a query value (RFC 3986 3.4), plus `&` and `#`, which would end
# it.
_NOT_IN_VALUE = re.compile(r"[^A-Za-z0-9._~!$'()*+,;:@/?=%-]|%(?![0-9A-Fa-f]{2})")


def normalise_base(url: str) -> str:
    """Return the comparable form of a FHIR base or origin, without trailing slash.

    Raise ValueError for anything other than an absolute http(s) URL of plain characters.
    """
    match = _BASE.fullmatch(url)
    if match is None:
        raise ValueError("not a plain absolute http(s) URL")
    scheme, host, path = match["scheme"].lower(), match["host"].lower(), match["path"]
    # Some servers ignore everything in a segment from `;` on.
    if not {".", ".."}.isdisjoint(segments(path)) or "/;" in path:
        raise ValueError("dot segments are not allowed")
    port = match["port"]
    if port is not None and int(port) > 65535:
        raise ValueError("no such port")
    suffix = "" if port is None or port == _DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{suffix}{path}"


def base_of(url: str) -> str:
    """Return the comparable form of a FHIR base, or an empty text if it has none."""
    try:
        return normalise_base(url)
    except ValueError:
        return ""


def authority(url: str) -> str:
    """Return `host` of an absolute http(s) URL, or `host:port` if the port isn't the default.

    Raise ValueError if the host is ambiguous (user information, backslash).
    """
    match = _AUTHORITY.match(url)
    if match is None:
        raise ValueError("not an absolute http(s) URL with a plain host")
    host, port = match["host"].lower(), match["port"]
    if port is None or port == _DEFAULT_PORTS[match["scheme"].lower()]:
        return host
    return f"{host}:{port}"


def named_host(link: str) -> str:
    """Return the host of an untrusted URL, for the log, or an empty text if it's unclear."""
    try:
        return authority(link)[:200]
    except ValueError:
        return ""


def origin(url: str) -> tuple[str, str]:
    """Return the scheme and `authority` of an absolute http(s) URL, or raise like `authority`."""
    return url.partition(":")[0].lower(), authority(url)


def path_of(url: str) -> str:
    """Return everything after the host of an absolute http(s) URL, unchanged, or raise like
    `authority`.
    """
    match = _AUTHORITY.match(url)
    if match is None:
        raise ValueError("not an absolute http(s) URL with a plain host")
    return url[match.end() :]


def is_plain(url: str) -> bool:
    """Return whether a text has only URL characters and a plausible length."""
    return len(url) <= _LONGEST_ADDRESS and _PLAIN.fullmatch(url) is not None


def is_absolute(reference: str) -> bool:
    """Return whether a reference names a server, with or without a scheme."""
    return _SCHEME.match(reference) is not None or reference.startswith("//")


def is_local(url: str) -> bool:
    """Return True on localhost, *.localhost, 127.0.0.1 and ::1, where http is allowed."""
    try:
        host = re.sub(r":[0-9]+$", "", authority(url))
    except ValueError:
        return False
    return host in _LOCAL_HOSTS or host.endswith(".localhost")


def resolve(base: str, reference: str) -> str:
    """Return the absolute URL of a reference in a document from `base` (RFC 3986 5.2).

    Raise ValueError if it can't be parsed. A reference with a scheme is returned unchanged, because
    urljoin would add the base's host to `http:///x`, where a browser would use x as the host.
    """
    return reference if _SCHEME.match(reference) else urljoin(base, reference)


def on_own_host(link: str, fhir_base: str, path: str) -> str | None:
    """Return the absolute URL of a link in the document at a path below a FHIR base, without its
    fragment. Return None if it's on another host or has dot segments in any spelling.

    Servers behind a proxy may write their own links with http or without a scheme. A token is still
    sent only to the base's scheme and host.
    """
    scheme, host = fhir_base.partition("://")[0], authority(fhir_base)
    if len(link) > _LONGEST_LINK:
        return None
    if link.startswith(f"{host}/"):
        link = f"{scheme}://{link}"
    elif scheme == "https" and link.startswith("http://"):
        link = f"https://{link.removeprefix('http://')}"
    try:
        url = urljoin(f"{fhir_base}/{path}", link)
        same_host = authority(url) == host
        dots = not {".", ".."}.isdisjoint(segments(link))
    except ValueError:
        return None
    plain = url.isascii() and url.isprintable() and " " not in url
    if dots or not (same_host and plain and url.startswith(f"{scheme}://")):
        return None
    return url.partition("#")[0]


def segments(path: str) -> tuple[str, ...]:
    """Split a path into segments like the most lenient server: decoded repeatedly, with either
    slash, casefolded, without white space, parameters (`;x`) and empty segments. Query and fragment
    are ignored. Raise ValueError for a path that is encoded over and over.
    """
    decoded = re.split(r"[?#]", path, maxsplit=1)[0]
    for _ in range(_MOST_CODINGS):
        further = unquote(decoded)
        if further == decoded:
            break
        decoded = further
    else:
        raise ValueError("encoded over and over")
    plain = _UNSEEN.sub("", decoded).casefold()
    parts = (part.partition(";")[0] for part in re.split(r"[/\\]", plain))
    return tuple(filter(None, parts))


def relative_to(url: str, fhir_base: str) -> str | None:
    """Return the part of an absolute URL after a normalized FHIR base, or None if the URL isn't
    below the base.

    The default port, the case of the host, and http in place of https (with the port of either) are
    ignored, because servers behind a TLS proxy write such URLs for themselves.
    """
    try:
        path, whole = path_of(fhir_base), path_of(url)
        if _same_server(url, fhir_base) and whole.startswith(f"{path}/"):
            return whole.removeprefix(f"{path}/") or None
    except ValueError:
        pass
    return None


def _same_server(url: str, fhir_base: str) -> bool:
    theirs, ours = authority(url), authority(fhir_base)
    if fhir_base.startswith("http://"):
        return theirs == ours and url[:5].lower() == "http:"
    over_tls = re.sub(r"^https?", "https", url, flags=re.IGNORECASE)
    return ours in {theirs, authority(over_tls)}


def raw_parameters(query_string: str) -> dict[str, list[str]]:
    """Return the parameters of a query string: names decoded, values unchanged.

    The string comes from WSGI (PEP 3333: bytes as latin-1). Values stay encoded, so that an opaque
    one (`launch`) can be passed on byte for byte.
    """
    parameters: dict[str, list[str]] = {}
    for field in filter(None, query_string.split("&")):
        name, _, value = field.partition("=")
        parameters.setdefault(decode(name), []).append(value)
    return parameters


def decode(value: str) -> str:
    """Decode a raw query value to text. Bytes that aren't UTF-8 become U+FFFD."""
    raw = value.replace("+", " ").encode("latin-1", "replace")
    return unquote_to_bytes(raw).decode("utf-8", "replace")


def encode(value: str) -> str:
    """Encode text as a query value, exactly once (space as %20)."""
    if _UNRESERVED.fullmatch(value):
        return value
    return quote_from_bytes(value.encode("utf-8"), safe="")


def safe_raw(value: str) -> str:
    """Make a raw query value safe for another query.

    Characters that a query can't contain are encoded, and everything else keeps its bytes.
    """
    return _NOT_IN_VALUE.sub(
        lambda match: quote_from_bytes(match.group().encode("latin-1", "replace"), safe=""), value
    )


def with_parameters(endpoint: str, raw: list[tuple[str, str]]) -> str:
    """Add parameters (values already encoded) to an endpoint that may already have a query.

    RFC 6749 3.1: a query on the authorization endpoint is kept. A fragment isn't allowed and raises
    ValueError.
    """
    if "#" in endpoint:
        raise ValueError("has a fragment")
    query = "&".join(f"{encode(name)}={value}" for name, value in raw)
    if "?" not in endpoint:
        return f"{endpoint}?{query}"
    return f"{endpoint}{'' if endpoint.endswith(('?', '&')) else '&'}{query}"
