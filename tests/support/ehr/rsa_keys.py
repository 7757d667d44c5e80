"""RSA keys of 2048 bits in a fraction of the time: a key for every two primes of those made so far.

Finding two primes takes longer than most tests. Who has one key can compute those that share a
prime with it, but tests only need keys that differ.
"""

import itertools
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import rsa

_E = 65537
# The original, even where a test has replaced it in the module.
_generate = rsa.generate_private_key


def _keys() -> Iterator[rsa.RSAPrivateKey]:
    primes: list[int] = []
    while True:
        made = _generate(_E, 2048).private_numbers()
        new = [*itertools.product(primes, (made.p, made.q)), (made.p, made.q)]
        primes += made.p, made.q
        yield from (_key(p, q) for p, q in new)


def _key(p: int, q: int) -> rsa.RSAPrivateKey:
    d = pow(_E, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(_E, p * q)
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


_KEYS = _keys()


def another() -> rsa.RSAPrivateKey:
    """Return a key that no other call in this process has returned."""
    return next(_KEYS)
