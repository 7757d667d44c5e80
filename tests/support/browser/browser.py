"""A browser's HTTP behavior: it keeps the app's cookies and sends requests unchanged.

Raw on purpose: paths and queries reach the server unchanged, and Secure cookies are kept on
http://localhost as real browsers do.
"""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

OWN_FETCH = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty", "Accept": "*/*"}
NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Dest": "document",
}


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` keeps every header line, in order, names as sent."""

    url: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def location(self) -> str:
        value = self.header("Location")
        assert value is not None, f"no Location in an answer of status {self.status}"
        return value

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the redirect's address; each must come once."""
        parsed = parse_qs(urlsplit(self.location).query, keep_blank_values=True)
        assert all(len(values) == 1 for values in parsed.values())
        return {name: values[0] for name, values in parsed.items()}

    @property
    def code(self) -> str:
        """The error code, from problem+json or an OperationOutcome."""
        document = self.json()
        if document.get("resourceType") == "OperationOutcome":
            return str(document["issue"][0]["details"]["coding"][0]["code"])
        return str(document["code"])


@dataclass
class Browser:
    """One cookie jar. Cookies go to the host that set them."""

    jar: dict[str, dict[str, str]] = field(default_factory=dict)

    def send(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        *,
        timeout: float = 30,
    ) -> Answer:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        target = url[url.index(parts.netloc) + len(parts.netloc) :].partition("#")[0] or "/"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            sent = {"Host": parts.netloc, **(headers or {})}
            cookies = self.jar.get(host, {})
            if cookies and "Cookie" not in sent:
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
            if body is not None:
                sent["Content-Length"] = str(len(body))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            answer = Answer(url, response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        self._keep(host, answer)
        return answer

    def _keep(self, host: str, answer: Answer) -> None:
        for line in answer.all("Set-Cookie"):
            pair, *attributes = [part.strip() for part in line.split(";")]
            name, _, value = pair.partition("=")
            kept = self.jar.setdefault(host, {})
            if "Max-Age=0" in attributes:
                kept.pop(name, None)
            else:
                kept[name] = value

    def get(self, url: str, headers: dict[str, str] | None = None) -> Answer:
        """Send a plain GET request, as from a script without Fetch Metadata."""
        return self.send("GET", url, headers)

    def open(self, url: str) -> Answer:
        """Navigate and follow redirects, as from an EHR's link."""
        for _ in range(10):
            answer = self.send("GET", url, NAVIGATION)
            if answer.status not in {301, 302, 303, 307, 308}:
                return answer
            url = urljoin(url, answer.location)
        raise AssertionError("too many redirects")

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Answer:
        """Call fetch() from a page of the app's own origin."""
        return self.send("GET", url, {**OWN_FETCH, **(headers or {})})

    def cookies(self, host: str = "localhost") -> dict[str, str]:
        return self.jar.get(host, {})
