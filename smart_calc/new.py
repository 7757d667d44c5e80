"""Creates a project for `smart-calc new FOLDER`: your own files, and smart-calc as a file in
wheels/.

The requirements refer to that file, so no package index ever gets a request for `smart-calc`. The
name isn't registered: anyone who registers it could otherwise run code in every project.
"""

import hashlib
import json
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from smart_calc import place, wheels

EXAMPLES = ("own-page", "fhirclient-page", "write-back", "note")
_OWN_MODULE = "smart_calc/product/shared/release.py"
# The project's files, and the files in smart_calc/project/ that they come from.
_FILES: Mapping[str, str] = {
    ".gitignore": "gitignore",
    "README.md": "README.md",
    "functions/summary/main.py": "summary.py",
    "page/app.js": "app.js",
    "page/index.html": "index.html",
    "page/style.css": "style.css",
    "requirements.txt": "requirements.txt",
    "smart.toml": "smart.toml",
    "tests/test_launch.py": "launching.py",
}
# The files that a new version of smart-calc may write differently.
PRODUCT_FILES = ("cloudbuild.yaml", "deployment.toml")
# A function's table in deployment.toml, as for fhir_proxy but with fewer instances.
_TABLE = """
[functions.{}]
cpu = 1
memory_mib = 1024
concurrency = 16
timeout_seconds = 150
min_instances = 0
max_instances = 1
"""


class Unusable(Exception):
    """The project can't be written; the message has the reason and the fix."""


def main(folder: Path, wheel: Path | None, example: str | None) -> int:
    """Write a project; return 2 and write nothing if that's not possible."""
    try:
        write(folder, wheel, example)
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"Created {folder}. Its README.md lists the next steps.\n")
    return 0


def write(folder: Path, wheel: Path | None, example: str | None = None) -> None:
    """Write a project to an empty or new folder. Raises Unusable if that's not possible."""
    try:
        _require_empty(folder)
    except OSError as error:
        raise Unusable(f"{folder} isn't a usable folder name: {error.strerror}.") from None
    package = checked(wheel) if wheel else _installed_from()
    files = dict(_contents(package.name, example))
    try:
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        (folder / "wheels").mkdir()
        shutil.copyfile(package, folder / "wheels" / package.name)
    except OSError as error:
        raise Unusable(f"{folder} can't be written: {error}.") from None


def _require_empty(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise Unusable(f"{folder} is a file. Specify a new folder.")
    if any(one.name != ".git" for one in folder.iterdir()):
        raise Unusable(f"{folder} isn't empty. Specify a new folder.")


def _contents(package: str, example: str | None) -> Iterator[tuple[str, bytes]]:
    """Yield the project's files with their paths, except the package."""
    for path, source in _FILES.items():
        if example is None or not path.startswith("page/"):
            text = (place.WRITTEN / source).read_text("utf-8")
            yield path, text.replace("WHEEL", package).encode()
    written = _of_example(example) if example else {}
    yield from written.items()
    for path in PRODUCT_FILES:
        text = (place.PRODUCT / path).read_text("utf-8")
        if path == "deployment.toml":
            own = (one.split("/")[1] for one in (*_FILES, *written) if one.endswith("/main.py"))
            text += "".join(map(_TABLE.format, own))
        yield path, text.encode()


def _of_example(name: str) -> Mapping[str, bytes]:
    """Return an example's files by path: the files of the page, and NAME.py as a function."""
    places = {}
    for file in (place.PRODUCT / "examples" / name).iterdir():
        # Files in page/ are served, but an example's README isn't for browsers.
        path = "EXAMPLE.md" if file.name == "README.md" else f"page/{file.name}"
        if file.suffix == ".py":
            path = f"functions/{file.stem}/main.py"
        if file.is_file():
            places[path] = file.read_bytes()
    return dict(sorted(places.items()))


def checked(wheel: Path) -> Path:
    """Return a file after checking that it's the smart-calc package, by name and content."""
    if not wheel.is_file():
        raise Unusable(f"There is no file {wheel}.")
    if not wheels.version_of(wheel.name):
        raise Unusable(f"{wheel} isn't named smart_calc-VERSION-py3-none-any.whl.")
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.getinfo(_OWN_MODULE)
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, KeyError):
        damaged = wheel.name
    if damaged is not None:
        raise Unusable(f"{wheel} isn't the smart-calc package, or it's damaged.")
    return wheel


def _installed_from() -> Path:
    """Return the file that smart-calc was installed from, as the installer recorded (PEP 610)."""
    try:
        record = json.loads(
            metadata.distribution("smart-calc").read_text("direct_url.json") or "{}"
        )
    except metadata.PackageNotFoundError:
        record = {}
    url = urlsplit(record.get("url", ""))
    file = Path(unquote(url.path))
    if url.scheme != "file" or not wheels.version_of(file.name):
        raise Unusable(
            "This smart-calc wasn't installed from a file. Specify the package for the project: "
            "--wheel smart_calc-VERSION-py3-none-any.whl (in a clone, `make dist` writes it)."
        )
    if not file.is_file():
        raise Unusable(
            f"{file}, which smart-calc was installed from, no longer exists. Specify a copy with "
            "--wheel FILE"
        )
    hashes = record.get("archive_info", {}).get("hashes", {})
    if hashes.get("sha256", digest := sha256(file)) != digest:
        raise Unusable(
            f"{file} has changed since smart-calc was installed from it. Specify the package "
            "with --wheel FILE"
        )
    return checked(file)


def sha256(file: Path) -> str:
    """Return the digest that an installer records."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
