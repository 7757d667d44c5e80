"""The only module that loads the product's code, which a project can't import.

That code exists in the processes of `smart-calc run` and `serve`, and in a deployed function, where
it's next to this package. Its arguments and results are plain values, so none of its objects reach
a function. A mark, which is an object without content, identifies a request.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar, cast

from smart_calc import place
from smart_calc.api._errors import EhrError, SmartError
from smart_calc.api._values import Json, Resource

_WORK = "shared.own.entry"
_JOBS = "shared.own.backends"
_ELSEWHERE = (
    "This works in `smart-calc run`, in `smart-calc serve` and in a deployed function. In a test, "
    "call the function over HTTP with smart_calc.testing."
)

T = TypeVar("T")


# The reason why a request failed: the product's mark for the details, the code in errors.md, the
# HTTP status, a text, and the EHR's OperationOutcome if the EHR refused it.
Failure = tuple[object, str, int, str, Resource | None]
# If there is a failure, ignore the value.
Result = tuple[T, Failure | None]
RawReply = tuple[int, str, bytes]
# Accepts the mark, method and path of a request; returns its response, or the mark of a failure.
Serve = Callable[[object, str, str], tuple[RawReply | None, object]]


class Product(Protocol):
    """The product's interface for functions."""

    def register(self, name: str, serve: Serve, *, navigation: bool) -> Callable[[object], object]:
        """Make the entry point that Google's framework and the gateway call."""

    def query(self, mark: object) -> Result[Mapping[str, str]]:
        """Return the query parameters."""

    def document(self, mark: object) -> Result[Json]:
        """Return the body as JSON."""

    def open_session(self, mark: object) -> Result[Mapping[str, Json]]:
        """Return the launch context."""

    def read(self, mark: object, kind: str, resource_id: str | None) -> Result[Resource]:
        """Return one resource."""

    def search(
        self,
        mark: object,
        kind: str,
        parameters: Sequence[tuple[str, str]],
        pages: int,
        *,
        own_patient: bool,
    ) -> Result[tuple[Sequence[Resource], bool]]:
        """Return the matches, and whether these are all matches."""

    def write(
        self, mark: object, resource: Resource, body: bytes, *, is_new: bool, if_match: str | None
    ) -> Result[Resource]:
        """Return the stored resource."""


class Jobs(Protocol):
    """The product's interface for jobs, in addition to `Product`."""

    def register(self, name: str, serve: Serve) -> Callable[[object], object]:
        """Make the entry point of a job."""

    def open_backend(
        self, mark: object, key: str, iss: str | None, patient: str | None
    ) -> Result[object]:
        """Open a backend service, and return its mark."""


@cache
def is_here() -> bool:
    """Return whether this process runs on the product's own code."""
    spec = importlib.util.find_spec("shared")
    places = (spec.submodule_search_locations if spec else None) or ()
    ours = (place.PRODUCT / "shared").resolve()
    return any(Path(one).resolve() == ours for one in places)


def product() -> Product:
    """Load the product. Raises RuntimeError if it isn't available."""
    if not is_here():
        raise RuntimeError(_ELSEWHERE)
    return cast(Product, importlib.import_module(_WORK))


def jobs() -> Jobs:
    """Load the product's part for jobs. Raises RuntimeError if it isn't available."""
    product()
    return cast(Jobs, importlib.import_module(_JOBS))


def value_of(result: Result[T]) -> T:
    """Return a result's value, or raise its failure as an exception without a cause."""
    value, failure = result
    if failure is None:
        return value
    mark, code, status, text, outcome = failure
    if outcome is not None:
        raise EhrError(status, outcome, text, mark)
    raise SmartError(code, status, text, mark)
