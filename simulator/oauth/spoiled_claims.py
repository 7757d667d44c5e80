"""Changes that faults make to the claims of a token: set, drop or shift some."""

from collections.abc import Callable

Claims = dict[str, object]
Spoil = Callable[[Claims], None]


def setting(**members: object) -> Spoil:
    """Set these claims."""
    return lambda claims: claims.update(members)


def dropping(name: str) -> Spoil:
    """Drop a claim."""

    def drop(claims: Claims) -> None:
        claims.pop(name, None)

    return drop


def shifting(*names: str, seconds: int) -> Spoil:
    """Move these times if the token has them."""

    def shift(claims: Claims) -> None:
        for name in names:
            if name in claims:
                claims[name] = int(str(claims[name])) + seconds

    return shift
