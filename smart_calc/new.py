"""`smart-calc new FOLDER`: a project with your own files, and smart-calc as one file in wheels/.

The requirements name that file, so no package index ever gets a request for `smart-calc`. The name
isn't registered: anyone who registers it could otherwise run code in every project.
"""

import hashlib
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from smart_calc import place

EXAMPLES = ("own-page", "fhirclient-page", "write-back", "note")
_WHEEL = re.compile(r"smart_calc-[0-9][0-9A-Za-z.+!]*-py3-none-any\.whl")
_OURS = "smart_calc/product/shared/release.py"
# The project's files, and the files below smart_calc/project/ that they come from.
_FILES: Mapping[str, str] = {
    ".gitignore": "gitignore",
    "README.md": "README.md",
    "functions/summary/main.py": "summary.py",
    "page/app.js": "app.js",
    "page/index.html": "index.html",
    "requirements.txt": "requirements.txt",
    "smart.toml": "smart.toml",
    "tests/test_launch.py": "launching.py",
}
_OF_THE_PRODUCT = ("cloudbuild.yaml", "deployment.toml")
# The table of a function in deployment.toml: as for fhir_proxy, with fewer instances.
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
    """Why no project can be written; its text says what to do."""


def main(folder: Path, wheel: Path | None, example: str | None) -> int:
    """Write a project; 2 where it can't be, and then nothing was written."""
    try:
        write(folder, wheel, example)
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"Created {folder}. Its README.md lists the next steps.\n")
    return 0


def write(folder: Path, wheel: Path | None, example: str | None = None) -> None:
    """Write a project into a folder that is empty or not there. Raises Unusable."""
    _require_empty(folder)
    package = _checked(wheel) if wheel else _installed_from()
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
        raise Unusable(f"{folder} is a file. Name a new folder.")
    if any(one.name != ".git" for one in folder.iterdir()):
        raise Unusable(f"{folder} isn't empty. Name a new folder.")


def _contents(package: str, example: str | None) -> Iterator[tuple[str, bytes]]:
    """The project's files by path, except the package."""
    for path, source in _FILES.items():
        if example is None or not path.startswith("page/"):
            text = (place.WRITTEN / source).read_text("utf-8")
            yield path, text.replace("WHEEL", package).encode()
    written = _of_example(example) if example else {}
    yield from written.items()
    for path in _OF_THE_PRODUCT:
        text = (place.PRODUCT / path).read_text("utf-8")
        if path == "deployment.toml":
            own = (one.split("/")[1] for one in (*_FILES, *written) if one.endswith("/main.py"))
            text += "".join(map(_TABLE.format, own))
        yield path, text.encode()


def _of_example(name: str) -> Mapping[str, bytes]:
    """An example's files: those of the page, and NAME.py is a function."""
    places = {}
    for file in (place.PRODUCT / "examples" / name).iterdir():
        # What is below page/ is served; an example's own README isn't for browsers.
        path = "EXAMPLE.md" if file.name == "README.md" else f"page/{file.name}"
        if file.suffix == ".py":
            path = f"functions/{file.stem}/main.py"
        if file.is_file():
            places[path] = file.read_bytes()
    return dict(sorted(places.items()))


def _checked(wheel: Path) -> Path:
    """A file that is our package by name and content."""
    if not wheel.is_file():
        raise Unusable(f"There is no file {wheel}.")
    if not _WHEEL.fullmatch(wheel.name):
        raise Unusable(f"{wheel} isn't named smart_calc-VERSION-py3-none-any.whl.")
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.getinfo(_OURS)
    except (OSError, zipfile.BadZipFile, KeyError):
        raise Unusable(f"{wheel} isn't the package smart-calc.") from None
    return wheel


def _installed_from() -> Path:
    """The file that this package was installed from, as the installer wrote it down (PEP 610)."""
    try:
        noted = json.loads(metadata.distribution("smart-calc").read_text("direct_url.json") or "{}")
    except metadata.PackageNotFoundError:
        noted = {}
    address = urlsplit(noted.get("url", ""))
    file = Path(unquote(address.path))
    if address.scheme != "file" or not _WHEEL.fullmatch(file.name):
        raise Unusable(
            "This smart-calc wasn't installed from a file. Name the package that the project is to "
            "use: --wheel smart_calc-VERSION-py3-none-any.whl (in a clone, `make dist` writes it)."
        )
    if not file.is_file():
        raise Unusable(f"{file}, which this was installed from, is gone. Name it: --wheel FILE")
    hashes = noted.get("archive_info", {}).get("hashes", {})
    if hashes.get("sha256", digest := sha256(file)) != digest:
        raise Unusable(f"{file} changed since this was installed from it. Name it: --wheel FILE")
    return _checked(file)


def sha256(file: Path) -> str:
    """Return the digest that an installer writes down."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
