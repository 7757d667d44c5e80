"""An EHR with one patient that responds immediately or after a fixed delay, and records its calls.

It uses plain sockets, so that it costs little compared with the measured code. Run as a module,
it's a separate process: it prints its origin and serves until stdin closes, over TLS if you give a
folder.
"""

import base64
import contextlib
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from benchmarks.support import resources
from tests.support.ehr.certificates import authority
from tests.support.ehr.raw_server import plain, read_request

CLIENT_ID = "benchmark-client"
SCOPES = "openid fhirUser online_access patient/*.rs user/Binary.rs"
_FHIR = "application/fhir+json"


@dataclass(frozen=True)
class Call:
    """A request with its start and end, from time.perf_counter."""

    path: str
    began: float
    ended: float


def in_series(calls: Sequence[Call]) -> int:
    """Return the longest chain of calls that each started after the previous one had ended."""
    chain, free = 0, float("-inf")
    for call in sorted(calls, key=lambda one: one.ended):
        if call.began >= free:
            chain, free = chain + 1, call.ended
    return chain


def at_once(calls: Sequence[Call]) -> int:
    """Return the maximum number of simultaneous calls."""
    return max((sum(o.began <= c.began < o.ended for o in calls) for c in calls), default=0)


def code_for(nonce: str, expires_in: float = 3600) -> str:
    """Return an authorization code that the EHR exchanges for an id_token with this nonce."""
    document = json.dumps({"nonce": nonce, "expires_in": expires_in})
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


class Ehr:
    """The server. `calls` and `connections` are counted since the last `forget`.

    With `tls`, its host is `localhost`.
    """

    def __init__(self, delay: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self.connections = 0
        self._delay = delay
        self._key = rsa.generate_private_key(65537, 2048)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._tls = tls
        scheme, host = ("http", "127.0.0.1") if tls is None else ("https", "localhost")
        self.origin = f"{scheme}://{host}:{self._listener.getsockname()[1]}"
        self.base = f"{self.origin}/r4"
        self._answers = self._prepared()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        """Reset the counts."""
        self.calls.clear()
        self.connections = 0

    def close(self) -> None:
        """Accept no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _prepared(self) -> dict[str, bytes]:
        base = self.base
        keys = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True) | {"kid": "k1"}
        discovery = {
            "issuer": base,
            "jwks_uri": f"{base}/auth/keys",
            "authorization_endpoint": f"{base}/auth/authorize",
            "token_endpoint": f"{base}/auth/token",
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "client-public", "sso-openid-connect"],
            "scopes_supported": ["launch", *SCOPES.split()],
        }
        fhir = {
            f"/Patient/{resources.PATIENT}": resources.patient(),
            "/Observation/o1": resources.observation(1, base),
            f"/Observation?{resources.HUNDRED}": resources.bundle(base, resources.HUNDRED),
            f"/Observation?{resources.MEGABYTE}": resources.bundle(base, resources.MEGABYTE),
            **{f"/{name}": one for name, one in resources.chart(base).items()},
        }
        plain = {"/.well-known/smart-configuration": discovery, "/auth/keys": {"keys": [keys]}}
        binary = bytes(resources.BINARY_BYTES)
        return {
            **{path: _answer(resources.compact(one), _FHIR) for path, one in fhir.items()},
            **{path: _answer(json.dumps(one).encode()) for path, one in plain.items()},
            "/Binary/b1": _answer(binary, "application/pdf"),
        }

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                stack.enter_context(connection)
            while received := read_request(connection):
                began = time.perf_counter()
                head, _, body = received.partition(b"\r\n\r\n")
                target = head.split(b" ", 2)[1].decode("ascii")
                if self._delay:
                    time.sleep(self._delay)
                answer = self._answer_to(target, body)
                # Record the call before the client gets the response and sends its next request.
                ended = time.perf_counter()
                self.calls.append(Call(target.partition("?")[0], began, ended))
                connection.sendall(answer)

    def _answer_to(self, target: str, body: bytes) -> bytes:
        path, _, query = target.removeprefix("/r4").partition("?")
        if path == "/auth/token":
            return _answer(self._token(body))
        count = query.rpartition("_count=")[2].partition("&")[0]
        if count == str(resources.HUGE):
            return self._huge()
        prepared = self._answers.get(f"{path}?{count}") or self._answers.get(path)
        return prepared or _answer(b"{}", status="404 Not Found")

    def _huge(self) -> bytes:
        """Return a 19 MB Bundle, made on first request."""
        path = f"/Observation?{resources.HUGE}"
        with self._lock:
            if path not in self._answers:
                bundle = resources.compact(resources.bundle(self.base, resources.HUGE))
                self._answers[path] = _answer(bundle, _FHIR)
            return self._answers[path]

    def _token(self, body: bytes) -> bytes:
        given = {name: values[0] for name, values in parse_qs(body.decode("ascii")).items()}
        answer = {
            "access_token": "access-token-of-the-benchmark",
            "refresh_token": "refresh-token-of-the-benchmark",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": f"launch {SCOPES}",
            "patient": resources.PATIENT,
        }
        if "code" in given:
            code = json.loads(base64.urlsafe_b64decode(given["code"] + "=="))
            answer |= {"id_token": self._id_token(code["nonce"]), "expires_in": code["expires_in"]}
        return json.dumps(answer).encode()

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.base, "sub": "user-1", "aud": CLIENT_ID, "nonce": nonce, "iat": now}
        claims |= {"exp": now + 300, "fhirUser": "Practitioner/pr1"}
        return jwt.encode(claims, self._key, "RS256", {"kid": "k1"})


def _answer(body: bytes, media_type: str = "application/json", status: str = "200 OK") -> bytes:
    return plain(body, f"Content-Type: {media_type}", status=status)


def _over_tls(folder: Path) -> ssl.SSLContext:
    """Return a server's TLS context; its certificate authority is saved to the folder as ca.pem."""
    return authority(folder).server("localhost")


if __name__ == "__main__":
    print(Ehr(tls=_over_tls(Path(sys.argv[1])) if sys.argv[1:] else None).origin, flush=True)
    sys.stdin.read()
