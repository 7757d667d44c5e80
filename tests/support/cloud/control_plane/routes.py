"""Which function answers a request: the host, the method, and a pattern of the path."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.cloud.control_plane.world import World

Answer = dict[str, Any]
Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Request:
    """One call as received. `member` is the caller, as a policy names it."""

    host: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    member: str = ""

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        loaded: dict[str, Any] = json.loads(self.body or b"{}")
        return loaded


class Api:
    """One of Google's APIs: its host, its name in messages, its methods.

    `of_gcloud` are methods that a person calls on gcloud's own project, so that nothing need be
    enabled before (https://cloud.google.com/docs/quotas/quota-project, "gcloud CLI"); a service
    account's calls always count for its own project.
    """

    def __init__(self, host: str, name: str) -> None:
        self.host = host
        self.name = name
        self._routes: list[tuple[str, re.Pattern[str], Handler, bool]] = []

    def __call__(
        self, method: str, pattern: str, *, of_gcloud: bool = False
    ) -> Callable[[Handler], Handler]:
        """Register a method. {name} is a segment of the path, {name*} the rest of it."""
        expression = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", pattern)
        expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", expression)

        def register(handler: Handler) -> Handler:
            self._routes.append((method, re.compile(expression), handler, of_gcloud))
            return handler

        return register

    def find(self, request: Request) -> tuple[Handler, Mapping[str, str], bool] | None:
        """Return the method that a request calls, and the parts of its path."""
        for method, pattern, handler, of_gcloud in self._routes:
            match = pattern.fullmatch(request.path) if method == request.method else None
            if match is not None:
                return handler, match.groupdict(), of_gcloud
        return None


__all__ = ["Answer", "Api", "Handler", "Request", "World"]
