"""The staged folders: what is in them, and that it is the same every time."""

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra import project
from infra.project import ProjectRefused
from infra.stage import FUNCTIONS, commit_of, common, stage
from tests.support import missing
from tests.support.app.servers import ROOT
from tests.support.cloud.staged import COMMIT

_CLINICAL = r"clinical/(?:[a-z_]+/)*[a-z0-9_]+\.(?:py|json)"
_OWN = {
    "launch": (
        r"(?:main|parameters|jwks|chooser|hospitals)\.py"
        r"|templates/(?:authorize|chooser)\.html(?:\.py)?|templates/chooser\.css"
    ),
    "callback": rf"(?:main|authorization_response|failure|card_target)\.py|{_CLINICAL}",
    "fhir_proxy": r"[a-z_]+\.py",
    "cds_services": rf"[a-z_]+\.py|{_CLINICAL}",
    "smart_calc": (
        r"(?:(?:page|reading|recalculate)/)?[a-z0-9_]+\.py"
        rf"|templates/\w+\.html(?:\.py)?|static/\w+\.(?:js|css)|{_CLINICAL}"
    ),
}
_SHARED = (
    r"shared/(?:[a-z_]+/)*[a-z0-9_]+\.py"
    r"|shared/pages/\w+\.(?:html(?:\.py)?|css)"
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Staged, and nothing has run there."""
    out = tmp_path_factory.mktemp("fresh")
    stage(project.read(ROOT), out, COMMIT)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def fake_repository(folder: Path) -> Path:
    for name in FUNCTIONS:
        function = folder / "functions" / name
        function.mkdir(parents=True)
        (function / "main.py").write_text(f"def {name}(request): ...\n")
        (function / "requirements.txt").write_text("flask==3.1.3\n")
    for taken in ("clinical", "shared"):
        (folder / taken).mkdir()
        (folder / taken / "errors.py").write_text("")
    return folder


def test_staging_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    stage(project.read(ROOT), tmp_path / "first", COMMIT)
    stage(project.read(ROOT), tmp_path / "second", COMMIT)
    stage(project.read(ROOT), tmp_path / "second", COMMIT)
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_the_modes_do_not_depend_on_who_stages(tmp_path: Path) -> None:
    root = fake_repository(tmp_path / "root")
    (root / "shared" / "errors.py").chmod(0o600)
    stage(project.read(root, root), tmp_path / "out", COMMIT)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("out/*/**/*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_staged_folder_holds_what_is_allowed_and_nothing_else(fresh: Path, name: str) -> None:
    allowed = re.compile(f"{_OWN[name]}|{_SHARED}|requirements\\.txt|BUILD_INFO")
    files = contents(fresh / name)
    assert [path for path in files if not allowed.fullmatch(path)] == []
    assert {"main.py", "requirements.txt", "BUILD_INFO", "shared/store/firestore.py"} <= set(files)


def test_every_file_of_shared_and_of_the_function_is_staged_unchanged(fresh: Path) -> None:
    for name in FUNCTIONS:
        files = contents(fresh / name)
        taken = [(folder, f"{folder}/") for folder in common(project.read(ROOT), name)]
        for folder, prefix in ((f"functions/{name}", ""), *taken):
            for path, content in contents(ROOT / folder).items():
                if "__pycache__" not in path:
                    assert files[prefix + path] == content


def test_templates_are_staged_compiled_where_python_has_jinja(fresh: Path, tmp_path: Path) -> None:
    """Everything else is the same without any package, and a sentence says what is missing."""
    (tmp_path / "bare").mkdir()
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "infra.stage"],
        cwd=tmp_path / "bare",
        env={"PYTHONPATH": str(ROOT), "COMMIT_SHA": COMMIT},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr.startswith("This Python has no Jinja, so the templates aren't compiled.")
    for name in FUNCTIONS:
        files, bare = contents(fresh / name), contents(tmp_path / "bare/build" / name)
        templates = {path for path in bare if path.endswith(".html")}
        assert files.keys() - bare.keys() == {f"{path}.py" for path in templates}
        assert {path for path in bare if files[path] != bare[path]} == {"BUILD_INFO"}


def test_nothing_staged_imports_tests_simulator_or_doctor(fresh: Path) -> None:
    imports = re.compile(rb"^\s*(?:from|import) (?:tests|simulator|doctor|infra)\b", re.MULTILINE)
    assert [path for path in fresh.rglob("*.py") if imports.search(path.read_bytes())] == []


def test_build_information_names_the_commit_and_changes_with_any_file(tmp_path: Path) -> None:
    root = fake_repository(tmp_path / "root")
    seen = set()
    for text in ("", "# changed\n"):
        (root / "shared" / "errors.py").write_text(text)
        stage(project.read(root, root), tmp_path / "out", COMMIT)
        info = json.loads((tmp_path / "out" / "launch" / "BUILD_INFO").read_text())
        assert (info["function"], info["commit"]) == ("launch", COMMIT)
        seen.add(info["content_sha256"])
    assert len(seen) == 2


def test_the_functions_are_those_that_have_a_folder(tmp_path: Path) -> None:
    """Taken away or added; nothing else names them."""
    root = fake_repository(tmp_path / "root")
    shutil.rmtree(root / "functions" / "launch")
    own = root / "functions" / "ours"
    own.mkdir()
    (own / "main.py").write_text("from clinical.errors import X\n")
    (own / "requirements.txt").write_text("")
    assert project.functions_below(root) == tuple(sorted({*FUNCTIONS, "ours"} - {"launch"}))
    stage(project.read(root, root), tmp_path / "out", COMMIT)
    assert (tmp_path / "out/ours/clinical/errors.py").exists()
    shutil.rmtree(root / "clinical")
    stage(project.read(root, root), tmp_path / "without", COMMIT)
    assert {path.name for path in (tmp_path / "without/ours").iterdir()} == {
        *("main.py", "requirements.txt", "BUILD_INFO", "shared")
    }


PIN = f"--hash=sha256:{'0' * 64}"


def test_an_own_function_is_installed_with_our_pins_and_its_own(tmp_path: Path) -> None:
    root, own = fake_repository(tmp_path / "root"), tmp_path / "project/functions/ours"
    own.mkdir(parents=True)
    (own / "main.py").write_text("def ours(request): ...\n")
    (root / "functions/fhir_proxy/requirements.txt").write_text(f"flask==3.1.3 {PIN}\n")

    def staged(requirements: str) -> str:
        (own / "requirements.txt").write_text(requirements)
        stage(project.read(tmp_path / "project", root), tmp_path / "out", COMMIT)
        return (tmp_path / "out/ours/requirements.txt").read_text()

    numpy = f"numpy==2.1 ; python_version > '3' \\\n    {PIN} \\\n    {PIN}\n"
    given = f"# mine\n{numpy}Flask==3.1.3 {PIN}\n"
    assert staged(given).splitlines() == [
        f"flask==3.1.3 {PIN}",
        f"numpy==2.1 ; python_version > '3' {PIN} {PIN}",
    ]
    for wrong, said in (
        ("numpy==2.1", "isn't pinned by version and hash"),
        (f"numpy>=2.1 {PIN}", "isn't pinned"),
        (f"numpy==2.* {PIN}", "isn't pinned"),
        (f"numpy @ https://example.org/numpy.whl {PIN}", "isn't pinned"),
        ("-r more.txt", "isn't pinned"),
        (f"flask==3.1.4 {PIN}", "flask is pinned at 3.1.4, but smart-calc needs 3.1.3"),
    ):
        with pytest.raises(ProjectRefused, match=said):
            staged(wrong)


def test_no_secret_and_no_link_of_an_own_function_is_deployed(tmp_path: Path) -> None:
    root, own = fake_repository(tmp_path / "root"), tmp_path / "project/functions/ours"
    (own / "data").mkdir(parents=True)
    (own / "main.py").write_text("def ours(request): ...\n")
    (root / "functions/fhir_proxy/requirements.txt").write_text(f"flask==3.1.3 {PIN}\n")
    (own / "data/terms.json").write_text('{"d": "day", "keys": [{"kty": "EC", "x": "public"}]}')
    (own / ".key.json").symlink_to(tmp_path / "key.json")

    def staged() -> set[str]:
        stage(project.read(tmp_path / "project", root), tmp_path / "out", COMMIT)
        return {path.name for path in (tmp_path / "out/ours").rglob("*.*")}

    assert staged() == {"main.py", "terms.json", "errors.py", "requirements.txt"}
    file = own / "data/file.json"
    for secret in (
        '{"type": "service_account", "private_key": "x"}',
        '{"keys": [{"kty": "RSA", "n": "x", "d": "x"}]}',
        '{"web": {"client_secret": "x"}}',
        *(f'{{"{name}": "Tr0ub4dor"}}' for name in ("password", "access_token", "sealing_key")),
        '{"a": [{"clientSecret": "Tr0ub4dor"}]}',
        "-----BEGIN EC PRIVATE KEY-----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
        # Not JSON for Python, except for others: a comment, a final comma, too deep, several lines.
        '// production\n{"client_secret": "Tr0ub4dor"}',
        '{"a": 1}\n{"client_secret": "Tr0ub4dor"}',
        '/* key */ {"kty": "EC", "d": "c2VjcmV0LWtleS1tYXRlcmlhbA",}',
        f'{"[" * 100_000}{{"client_secret": "Tr0ub4dor"}}',
        '{"client_secret": "Tr0ub4dor", "client_secret": ""}',
        '{"password": "$ecret-of-app"}',
        *(f'{{"{name}": "Tr0ub4dor"}}' for name in ("db_password", "dbPassword", "token")),
    ):
        file.write_text(secret)
        with pytest.raises(
            ProjectRefused, match=r"functions/ours/data/file\.json contains a private key"
        ):
            staged()
    file.unlink()
    for name, secret in (
        ("key.py", 'KEY = {"kty": "EC", "crv": "P-384", "d": "c2VjcmV0LWtleS1tYXRlcmlhbA"}'),
        ("key.js", "const key = { d: 'c2VjcmV0LWtleS1tYXRlcmlhbA', kty: 'EC' };"),
        ("a.py", 'client_secret = "Tr0ub4dor"'),
        ("a.py", "connect(password='Tr0ub4dor')"),
        ("a.py", 'EPIC_CLIENT_SECRET: str = "Tr0ub4dor"'),
        ("a.py", 'client_secret: Final[str] = "Tr0ub4dor"'),
        ("a.py", 'client_secret = (\n    rb"Tr0ub4dor"\n)'),
        ("a.py", 'client_secret = """\\\nTr0ub4dor"""'),
        ("a.js", "const settings = { clientSecret: `Tr0ub4dor` };"),
        ("a.js", 'headers["api-key"] = "Tr0ub4dor";'),
        ("a.py", 'x = os.environ.get("EPIC_CLIENT_SECRET", "Tr0ub4dor")'),
        ("a.py", 'client_secret = os.environ.get("X", "Tr0ub4dor")'),
        ("a.py", 'password = os.getenv("P") or "Tr0ub4dor"'),
        ("a.py", 'token = "" or "Tr0ub4dor"'),
        ("a.js", "const apiKey = process.env.API_KEY ?? 'Tr0ub4dor';"),
        ("a.py", 'SECRET = "Tr0ub4dor"'),
        ("a.js", "const token = 'Tr0ub4dor';"),
        ("a.py", 'HEADERS = {"x": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"}'),
        ("a.py", '"""-----BEGIN PGP PRIVATE KEY BLOCK-----"""'),
        ("a.js", "const oracleSecret = 'Tr0ub4dor', dbPassword = 'Tr0ub4dor';"),
        ("a.py", 'PRIVATE_KEY = base64.b64decode("VHIwdWI0ZG9y")'),
        ("a.py", 'if client_secret := "Tr0ub4dor": ...'),
        ("a.py", 'os.environ.setdefault("CLIENT_SECRET", "Tr0ub4dor")'),
        ("a.py", 'DATABASE = "postgres://app:Tr0ub4dor@db.example.org/app"'),
    ):
        code = own / name
        code.write_text(secret)
        with pytest.raises(ProjectRefused, match=rf"functions/ours/{name} contains a private key"):
            staged()
        # A false alarm is allowed by name.
        deployment = tmp_path / "project/deployment.toml"
        deployment.write_text(f'not_secrets = ["functions/ours/{name}"]\n')
        assert name in staged()
        deployment.unlink()
        code.unlink()
    code = own / "harmless.py"
    code.write_text(
        'client_secret = "env:EPIC_SECRET"\npassword = read("/secrets/password")\n'
        'KEYS = {"kty": "EC", "x": "cHVibGljLWtleS1tYXRlcmlhbA"}\ntoken_type = "Bearer token"\n'
        'api_key: str | None = "${API_KEY}"\nTOKEN = "access_token"\n'
        'token = "https://ehr.example.org/token"\nsecret = "a word with spaces"\n'
        'x = os.environ.get("CLIENT_SECRET", "")\nnames = ("client_secret", "redirect_uri")\n'
        'y = os.environ.get("TOKEN_URL", "https://ehr.example.org/token")\n'
        'client_secret = os.environ.get("ORACLE_SECRET")\nz = f"https://{user}:{word}@db/x"\n'
        'nonsecret = "Tr0ub4dor"\ntimes = "https://a.test:8443/x@y 12:30@home"\n'
    )
    assert "harmless.py" in staged()
    code.unlink()
    for outside in (tmp_path / "root/shared/errors.py", tmp_path / "root/shared", tmp_path / "no"):
        file.symlink_to(outside)
        with pytest.raises(ProjectRefused, match=r"functions/ours/data/file\.json is a link"):
            staged()
        file.unlink()
    # The folder itself, and the one above it.
    for level in (own, own.parent):
        outside = tmp_path / f"outside-{level.name}"
        level.rename(outside)
        level.symlink_to(outside)
        with pytest.raises(ProjectRefused, match=r"functions(/ours)? is a link"):
            staged()
        level.unlink()
        outside.rename(level)


def test_what_an_earlier_staging_left_is_gone(tmp_path: Path) -> None:
    root = fake_repository(tmp_path / "root")
    extra = root / "functions" / "launch" / "extra.py"
    extra.write_text("")
    stage(project.read(root, root), tmp_path / "out", COMMIT)
    extra.unlink()
    shutil.rmtree(root / "functions/callback")
    stage(project.read(root, root), tmp_path / "out", COMMIT)
    assert not (tmp_path / "out" / "launch" / "extra.py").exists()
    assert not (tmp_path / "out" / "callback").exists()
    # Nothing is written through a link, and nothing behind it is deployed.
    (tmp_path / "out/launch").rename(tmp_path / "outside")
    (tmp_path / "out/launch").symlink_to(tmp_path / "outside")
    (tmp_path / "outside/key.json").write_text("{}")
    stage(project.read(root, root), tmp_path / "out", COMMIT)
    assert not (tmp_path / "out/launch/key.json").exists()
    assert (tmp_path / "outside/key.json").exists()


def test_caches_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    root = fake_repository(tmp_path / "root")
    cache = root / "shared" / "__pycache__"
    cache.mkdir()
    (cache / "errors.cpython-311.pyc").write_bytes(b"x")
    (root / "functions" / "launch" / ".env").write_text("SECRET=1")
    stage(project.read(root, root), tmp_path / "out", COMMIT)
    names = {path.name for path in (tmp_path / "out" / "launch").rglob("*")}
    assert names == {"main.py", "shared", "errors.py", "requirements.txt", "BUILD_INFO"}


def test_the_files_with_fhir_bases_are_staged_where_the_functions_look_for_them(
    tmp_path: Path,
) -> None:
    root = fake_repository(tmp_path / "root")
    shutil.rmtree(root / "shared")
    shutil.copytree(ROOT / "shared", root / "shared")
    (root / "issuers").mkdir()
    (root / "issuers/one.txt").write_text("https://a.test/fhir\n")
    (root / "issuers/notes.csv").write_text("not deployed")
    stage(project.read(root, root), tmp_path / "out", COMMIT)
    with_file = {one.parts[-3] for one in (tmp_path / "out").glob("*/issuers/*")}
    assert with_file == {"launch", "cds_services"} & set(FUNCTIONS)
    assert not (tmp_path / "out/launch/issuers/notes.csv").exists()
    where = "from shared.config import issuers; print(issuers.folder())"
    folder = tmp_path / "out/launch"
    command = [sys.executable, "-c", where]
    environment = {"SMART_CONFIG": "/config/smart.toml"}
    found = subprocess.run(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, check=True
    )
    assert found.stdout == f"{folder}\n"
    (root / "issuers/two.txt").symlink_to("/etc/passwd")
    with pytest.raises(ProjectRefused, match=r"issuers/two\.txt: a link"):
        stage(project.read(root, root), tmp_path / "out", COMMIT)
    (root / "issuers/two.txt").unlink()
    (root / "issuers").rename(tmp_path / "outside")
    (root / "issuers").symlink_to(tmp_path / "outside")
    with pytest.raises(ProjectRefused, match=r"issuers: a link"):
        stage(project.read(root, root), tmp_path / "out", COMMIT)


@pytest.mark.calculators
def test_a_file_of_an_unknown_kind_stops_the_staging_before_anything_is_written(
    tmp_path: Path,
) -> None:
    root = fake_repository(tmp_path / "root")
    (root / "functions" / "smart_calc" / "weights.bin").write_bytes(b"x")
    with pytest.raises(ProjectRefused, match=r"smart_calc.*weights\.bin"):
        stage(project.read(root, root), tmp_path / "out", COMMIT)
    assert not (tmp_path / "out").exists()


def test_a_function_without_requirements_stops_the_staging(tmp_path: Path) -> None:
    root = fake_repository(tmp_path / "root")
    (root / "functions" / "launch" / "requirements.txt").unlink()
    with pytest.raises(FileNotFoundError):
        stage(project.read(root, root), tmp_path / "out", COMMIT)


def test_the_commit_is_cloud_builds_or_gits_and_says_when_files_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing.need_git()
    root = fake_repository(tmp_path)
    for variable in ("COMMIT_SHA", "GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(root) == "unknown"
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    commit = commit_of(root)
    assert re.fullmatch(r"[0-9a-f]{40}", commit)
    (root / "shared" / "errors.py").write_text("# changed\n")
    assert commit_of(root) == f"{commit}+changes"
    monkeypatch.setenv("COMMIT_SHA", COMMIT)
    assert commit_of(root) == COMMIT


def test_make_stages_into_build_without_an_environment(tmp_path: Path) -> None:
    """In a copy of the repository: `build/` of this one may be in use."""
    root = fake_repository(tmp_path)
    shutil.copy(ROOT / "Makefile", root)
    shutil.copy(ROOT / "shared/release.py", root / "shared")
    for name in ("infra", "smart_calc"):
        shutil.copytree(ROOT / name, root / name)
    made = ["make", "--no-print-directory", "stage", f"PYTHON={sys.executable}"]
    ended = subprocess.run(made, cwd=root, capture_output=True, text=True, check=True)
    written = ", ".join(f"build/{name}" for name in sorted(FUNCTIONS))
    assert (ended.stdout, ended.stderr) == (f"Written: {written}\n", "")
    assert {path.name for path in (root / "build").iterdir()} == set(FUNCTIONS)
    (root / "shared" / "notes.md").write_text("")
    ended = subprocess.run(made, cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "notes.md" in ended.stderr
    assert "Traceback" not in ended.stderr
