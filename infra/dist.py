"""`make dist`: writes the source archive, the wheel, the bill of materials and the checksums to
dist/.

They're built from the commit: untracked files are left out, and uncommitted changes to tracked
files are refused. The build backend (pyproject.toml) writes both archives with the commit's time.
They're then repacked without compression, because compressed bytes depend on the version of zlib.
So a commit gives the same bytes on every machine.
"""

import hashlib
import io
import os
import runpy
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from infra import dist_bill
from infra.project import PRODUCT, ProjectRefused

_BACKEND = "hatchling"
_STORED_BYTES = 65_535


class Shallow(ProjectRefused):
    """A clone without its whole history, so its commits can't be counted."""


def main(root: Path = PRODUCT) -> int:
    """Build the current commit; return 1 if that's not possible, 2 in a shallow clone."""
    try:
        made = build(root, root / "dist")
    except ProjectRefused as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, Shallow) else 1
    sys.stdout.write("".join(f"Written: dist/{one.name}\n" for one in made))
    return 0


def build(root: Path, out: Path) -> Sequence[Path]:
    """Write the four files for a clone's commit to `out`. Raises ProjectRefused if it can't."""
    if _git(root, "rev-parse", "--is-shallow-repository") == b"true\n":
        raise Shallow(
            "This clone is shallow, but the version counts all commits. Run "
            "`git fetch --unshallow --tags`."
        )
    changed = _git(root, "status", "--porcelain", "--untracked-files=no").decode()
    if changed:
        raise ProjectRefused(f"These files have uncommitted changes. Commit them:\n{changed}")
    with tempfile.TemporaryDirectory() as folder:
        tree, built = Path(folder, "tree"), Path(folder, "built")
        archive = _git(root, "-c", "core.autocrlf=false", "archive", "--format=tar", "HEAD")
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(tree, filter="data")
        _record_version(root, tree)
        time = _git(root, "log", "-1", "--format=%ct").decode().strip()
        source, wheel = archives(tree, built, time)
        name = source.name.removesuffix(".tar.gz")
        bill = built / f"{name}.cdx.json"
        bill.write_bytes(dist_bill.of(tree, name.partition("-")[2], wheel, source))
        files = (source, wheel, bill)
        sums = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files]
        out.mkdir(exist_ok=True)
        (built / "SHA256SUMS").write_text("".join(sorted(sums, key=lambda line: line[66:])))
        return [shutil.copyfile(one, out / one.name) for one in (*files, built / "SHA256SUMS")]


def _record_version(root: Path, tree: Path) -> None:
    """Give a tree the version of a clone's commit, as a source archive has it (PKG-INFO)."""
    version = runpy.run_path(str(root / "shared/release.py"))["version"]()
    fields = f"Metadata-Version: 2.4\nName: smart-calc\nVersion: {version}\n"
    (tree / "PKG-INFO").write_text(fields)


def archives(tree: Path, out: Path, time: str) -> tuple[Path, Path]:
    """Build the source archive and wheel of a tree, with `time` (Unix seconds) on every file."""
    command = [sys.executable, "-P", "-m", _BACKEND, "build", "-d", str(out)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": time}
    ended = subprocess.run(  # noqa: S603 - fixed arguments
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise ProjectRefused(f"{_BACKEND} failed:\n{ended.stderr}")
    (source,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    _store_source(source)
    _store_wheel(wheel)
    return source, wheel


def _store_wheel(wheel: Path) -> None:
    """Repack a wheel without compression."""
    with zipfile.ZipFile(wheel) as packed:
        files = [(one, packed.read(one)) for one in packed.infolist()]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as stored:
        for one, content in files:
            again = zipfile.ZipInfo(one.filename, one.date_time)
            again.create_system, again.external_attr = 3, one.external_attr
            stored.writestr(again, content)


def _store_source(source: Path) -> None:
    """Repack a .tar.gz without compression, as a gzip member of stored blocks (RFC 1951, 1952)."""
    content = _with_license(zlib.decompress(source.read_bytes(), wbits=31))
    parts = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff"]
    for start in range(0, len(content), _STORED_BYTES):
        block = content[start : start + _STORED_BYTES]
        last = start + _STORED_BYTES >= len(content)
        parts += [struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block]
    parts.append(struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF))
    source.write_bytes(b"".join(parts))


def _with_license(source: bytes) -> bytes:
    """Return a source archive's tar with the license of its content in PKG-INFO, which hatchling
    fills in as for the wheel.
    """
    field = "License-Expression: "
    wheels, own = (f"{field}{one}\n" for one in (dist_bill.LICENSE, dist_bill.LICENSE_OF_SOURCE))
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(source)) as before,
        tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as after,
    ):
        for one in before:
            file = before.extractfile(one)
            content = file.read() if file else b""
            if one.name.count("/") == 1 and one.name.endswith("/PKG-INFO"):
                content = content.replace(wheels.encode(), own.encode(), 1)
                one.size = len(content)
            after.addfile(one, io.BytesIO(content))
    return out.getvalue()


def _git(root: Path, *arguments: str) -> bytes:
    ended = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)  # noqa: S603, S607 - fixed arguments
    if ended.returncode:
        raise ProjectRefused(f"git {arguments[0]} failed: {ended.stderr.decode()}")
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
