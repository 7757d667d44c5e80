"""`python -m doctor jwks`: public halves of private keys, and nothing else."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest

from doctor.__main__ import main
from shared.smart import published_keys, signing_keys
from tests.support.app.doctor import Doctor, ehr
from tests.support.ehr.signing_keys import Kind, encrypted_pem, pem
from tests.support.tables import each


@dataclass(frozen=True)
class Ended:
    """How a run ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def keys(self) -> list[dict[str, str]]:
        return list(json.loads(self.out)["keys"])


class Command:
    """The command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        try:
            code = main(["jwks", *arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ended(code, *self._capsys.readouterr())


@pytest.fixture
def jwks(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def signed(key: str, base: str, private_key: str, key_id: str) -> str:
    return ehr(
        base,
        key=f'"{key}"',
        client_auth='"private_key_jwt"',
        private_key=f'"{private_key}"',
        key_id=f'"{key_id}"',
    )


def private_parts(kind: Kind) -> list[str]:
    """What would show if a part of the private key were printed, in PEM or as members."""
    key = jwt.get_algorithm_by_name("RS384" if kind == "rsa" else "ES384").prepare_key(pem(kind))
    members = jwt.get_algorithm_by_name("RS384" if kind == "rsa" else "ES384").to_jwk(
        key, as_dict=True
    )
    private = {"d", "p", "q", "dp", "dq", "qi"} & members.keys()
    assert private
    return [members[name] for name in private] + pem(kind).splitlines()


@pytest.mark.parametrize(
    ("kind", "algorithm", "members"),
    [("rsa", "RS384", ["n", "e"]), ("p384", "ES384", ["crv", "x", "y"])],
)
def test_a_key_file_becomes_a_public_key_under_its_kid(
    jwks: Command, tmp_path: Path, kind: Kind, algorithm: str, members: list[str]
) -> None:
    ended = jwks(write(tmp_path, "key.pem", pem(kind)) + "=2026-08")
    assert (ended.code, ended.err) == (0, "")
    (key,) = ended.keys
    assert list(key) == ["kty", "kid", "use", "alg", *members]
    assert (key["kid"], key["use"], key["alg"]) == ("2026-08", "sig", algorithm)
    for part in private_parts(kind):
        assert part not in ended.out
    token = signing_keys.read(pem(kind), "2026-08").sign({"iss": "c"})
    assert jwt.decode(token, jwt.PyJWK.from_dict(key), algorithms=[algorithm]) == {"iss": "c"}


def test_what_is_printed_may_be_served(jwks: Command, tmp_path: Path) -> None:
    """Old and new key side by side, as in a rotation."""
    old, new = write(tmp_path, "old", pem("rsa")), write(tmp_path, "new=er", pem("p384"))
    ended = jwks(f"{old}=old", f"{new}=new")
    assert [key["kid"] for key in ended.keys] == ["old", "new"]
    assert published_keys.read(ended.out) == tuple(ended.keys)


def test_without_a_kid_a_key_has_its_thumbprint(jwks: Command, tmp_path: Path) -> None:
    """RFC 7638 3.1: the required members in lexicographic order, without white space."""
    (key,) = jwks(write(tmp_path, "key.pem", pem("p384"))).keys
    text = f'{{"crv":"P-384","kty":"EC","x":"{key["x"]}","y":"{key["y"]}"}}'
    digest = hashlib.sha256(text.encode()).digest()
    assert key["kid"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_the_keys_of_a_configuration_come_once_each_and_further_ones_after_them(
    jwks: Command, offline: Doctor
) -> None:
    rsa, p384 = (write(offline.folder, kind, pem(kind)) for kind in ("rsa", "p384"))
    offline.write(
        signed("one", "https://one.test", f"file:{rsa}", "key-1"),
        signed("two", "https://two.test", f"file:{rsa}", "key-1"),
        ehr(
            "https://three.test",
            key='"three"',
            client_auth='"client_secret_basic"',
            client_secret='"env:NOT_NEEDED_FOR_THIS"',
        ),
        ehr("https://four.test", key='"four"'),
        top='public_jwks = "file:/not/made/yet"',
    )
    ended = jwks("--config", str(offline.file), f"{p384}=key-2")
    assert (ended.code, ended.err) == (0, "")
    assert [(key["kid"], key["alg"]) for key in ended.keys] == [
        ("key-1", "RS384"),
        ("key-2", "ES384"),
    ]


def test_all_that_cannot_be_used_is_told_at_once_and_no_key_is_printed(
    jwks: Command, offline: Doctor
) -> None:
    folder = offline.folder
    good = write(folder, "good", pem("rsa"))
    offline.write(
        signed("one", "https://one.test", f"file:{write(folder, 'x', pem('p256'))}", "key-1"),
        signed("two", "https://two.test", f"file:{good}", "key-2"),
        signed("three", "https://three.test", "env:NOT_SET_ANYWHERE", "key-3"),
    )
    encrypted = write(folder, "encrypted", encrypted_pem("p384"))
    other = write(folder, "other", pem("p384"))
    ended = jwks(
        "--config", str(offline.file), encrypted, f"{folder}/absent=a", f"{other}=key-2", other
    )
    assert (ended.code, ended.out) == (1, "")
    told = " ".join(ended.err.split())
    for what in (
        f"ehr one: private_key: file:{folder}/x contains an EC key on secp256r1, not on P-384",
        "ehr three: private_key: env:NOT_SET_ANYWHERE is not set or empty. [secret_unreadable]",
        f"{encrypted} contains an encrypted key. [setting_invalid]",
        f"file:{folder}/absent cannot be read: No such file or directory. [secret_unreadable]",
        f"{other}: another key already has the key_id key-2. [setting_invalid]",
        "5 fail",
    ):
        assert what in told
    for text in (pem("p256"), pem("rsa"), pem("p384"), encrypted_pem("p384")):
        assert not [line for line in text.splitlines() if line in ended.err]


def test_a_configuration_without_a_key_or_with_a_problem_is_told(
    jwks: Command, offline: Doctor
) -> None:
    offline.write(ehr())
    ended = jwks("--config", str(offline.file))
    assert (ended.code, ended.out) == (1, "")
    assert "has client_auth private_key_jwt or system_scopes." in " ".join(ended.err.split())
    offline.write(ehr(), top="nonsense = 1")
    assert "[setting_unknown]" in jwks("--config", str(offline.file)).err
    assert "[config_unreadable]" in jwks("--config", str(offline.folder / "absent")).err


@each(
    "arguments",
    [
        (),
        ("--config",),
        ("--conf", "smart.toml"),
        ("--json", "key.pem"),
        ("key.pem=",),
        ("=kid",),
        ("key.pem=a\nb",),
        ("",),
    ],
    ids=repr,
)
def test_arguments_that_cannot_be_used_end_with_2(
    jwks: Command, arguments: tuple[str, ...]
) -> None:
    ended = jwks(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "usage: " in ended.err


def test_the_command_runs_as_a_process_and_asks_nobody(offline: Doctor) -> None:
    path = write(offline.folder, "key.pem", pem("p384"))
    ended = offline.run("jwks", f"{path}=k")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["keys"][0]["kid"] == "k"
