"""Private keys that sign assertions (SMART App Launch 2.2, "Client Authentication: Asymmetric").

An RSA key of 2048 bits or more signs with RS384, and a P-384 key with ES384. Every EHR that accepts
signed assertions must accept both. A key is an unencrypted PKCS#8 PEM text, and its public half is
published as a JWK (RFC 7517). The libraries are loaded with the first key, so that a deployment
without keys starts faster.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from shared.frozen import dataclass
from shared.patterns import pattern

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LEAST_RSA_BITS = 2048
_LABEL = pattern(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_OTHER_LABELS: Mapping[str, str] = {
    "ENCRYPTED PRIVATE KEY": "an encrypted key",
    "RSA PRIVATE KEY": "a key in PKCS#1 form (RSA PRIVATE KEY)",
    "EC PRIVATE KEY": "a key in SEC 1 form (EC PRIVATE KEY)",
    "PUBLIC KEY": "a public key",
    "RSA PUBLIC KEY": "a public key",
    "CERTIFICATE": "a certificate",
}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key under its `kid`. `algorithm` is RS384 or ES384."""

    key_id: str
    algorithm: str
    _key: "RSAPrivateKey | EllipticCurvePrivateKey" = field(repr=False)

    def sign(self, claims: Mapping[str, str | int]) -> str:
        """Return a JWT of these claims, with only alg, kid and typ in its header."""
        import jwt

        return jwt.encode(dict(claims), self._key, self.algorithm, {"kid": self.key_id})

    def public_jwk(self) -> Mapping[str, str]:
        """Return the public half as a JWK: kty, kid, use, alg, then n and e or crv, x and y."""
        import jwt

        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        members = algorithm.to_jwk(self._key.public_key(), as_dict=True)
        named = {"kty": members["kty"], "kid": self.key_id, "use": "sig", "alg": self.algorithm}
        return named | {name: members[name] for name in _MEMBERS[self.algorithm]}


_MEMBERS: Mapping[str, tuple[str, ...]] = {"RS384": ("n", "e"), "ES384": ("crv", "x", "y")}


def read(pem: str, key_id: str) -> SigningKey:
    """Read the key in a PEM text. The text of a ValueError is what the PEM text has instead."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    labels = _LABEL.findall(pem)
    if labels != ["PRIVATE KEY"]:
        others = [_OTHER_LABELS[label] for label in labels if label in _OTHER_LABELS]
        raise ValueError(others[0] if others else "no PEM text with one PRIVATE KEY")
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("a key that is damaged or of an unknown kind") from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < LEAST_RSA_BITS:
            raise ValueError(f"an RSA key of {key.key_size} bits, fewer than {LEAST_RSA_BITS}")
        return SigningKey(key_id, "RS384", key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name != ec.SECP384R1.name:
            raise ValueError(f"an EC key on {key.curve.name}, not on P-384 (secp384r1)")
        return SigningKey(key_id, "ES384", key)
    raise ValueError("a key that is neither RSA nor EC")
