"""Speed up making a simulated EHR, because hundreds of tests make one.

Its routes are compiled once in a process: werkzeug generates, parses and compiles two functions for
each rule, which takes longer than most of the tests. Its RSA keys are taken in turn from a few.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.routing import Rule

from tests.support.ehr import rsa_keys

# More than one test looks at: no two keys of a test are the same.
_KEYS = 16


@pytest.fixture(scope="session", autouse=True)
def quick_ehr() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", _compiled_once(Rule._compile_builder))
        patch.setattr(rsa, "generate_private_key", _from_a_few(rsa.generate_private_key))
        yield


def _compiled_once(compile_builder: Callable[..., Any]) -> Callable[..., Any]:
    """Rules that say the same share a function, which is given the rule that it is called for."""
    compiled: dict[tuple[object, ...], Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (rule.rule, *rule._trace, append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    return builder


def _from_a_few(generate: Callable[[int, int], rsa.RSAPrivateKey]) -> Callable[..., Any]:
    kept = itertools.cycle(rsa_keys.another() for _ in range(_KEYS))

    def generate_private_key(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        return next(kept) if key_size == 2048 else generate(public_exponent, key_size)

    return generate_private_key
