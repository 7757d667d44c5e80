"""Lists as vendors publish them: what becomes of them, and which problems are reported."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from doctor import issuer_lists, issuers
from doctor.__main__ import main
from shared.config.issuers import bases_in
from tests.support.app.app import App
from tests.support.app.servers import ROOT
from tests.support.tables import each

A, B = "https://a.test/fhir", "https://b.test/fhir"


def endpoint(id_: str, address: str, **more: object) -> dict[str, Any]:
    rest = {"code": "hl7-fhir-rest"}
    resource = {"resourceType": "Endpoint", "id": id_, "status": "active", "connectionType": rest}
    return {"resource": {**resource, "address": address, **more}}


def organization(name: str, *endpoints: str, **more: object) -> dict[str, Any]:
    references = [{"reference": one} for one in endpoints]
    return {
        "resource": {"resourceType": "Organization", "name": name, "endpoint": references, **more}
    }


def bundle(*entries: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


BERN = {"address": [{"line": ["1"], "city": "Bern", "state": "BE"}]}
R4 = {"url": "http://hl7.org/fhir/StructureDefinition/endpoint-fhir-version", "valueCode": "4.0.1"}
HELD = [{"resourceType": "Organization", "name": "Inside", **BERN}]


@each(
    ("text", "bases"),
    [
        (f"# c\n\n{A}/\r\n HTTPS://B.test:443/fhir \n", {A: ("", ""), B: ("", "")}),
        (f"{A}\tHospital A\tBern\n", {A: ("Hospital A", "Bern")}),
        (f"{A}\tHospital,\u202e A\x07 \tBern\n", {A: ("Hospital, A", "Bern")}),
        (f'\ufeffname,URL,x\n"A, of B",{A},1\nB,{B}\n', {A: ("A, of B", ""), B: ("B", "")}),
        (f"base_url;place;name\n{A};Bern;A\n", {A: ("A", "Bern")}),
        (bundle(endpoint("1", A, name="Named"), endpoint("2", B)), {A: ("Named", ""), B: ("", "")}),
        (
            bundle(endpoint("1", A, name="x"), organization("A", "Endpoint/1", **BERN)),
            {A: ("A", "Bern, BE")},
        ),
        (
            bundle(
                organization("A", "urn:uuid:1", "urn:uuid:2"),
                {"fullUrl": "urn:uuid:1", **endpoint("1", A, extension=[R4])},
                {"fullUrl": "urn:uuid:2", **endpoint("2", B)},
            ),
            {A: ("A", ""), B: ("A", "")},
        ),
        (bundle(endpoint("1", A, contained=HELD)), {A: ("Inside", "Bern, BE")}),
    ],
)
def test_a_list_in_any_of_its_forms_gives_bases_with_names(
    text: str, bases: dict[str, tuple[str, str]]
) -> None:
    judged = issuer_lists.judged(text)
    assert (judged.bases, judged.refused, judged.renamed) == (bases, [], [])


@each(
    ("text", "place", "why"),
    [
        (f"{A}\nhttp://b.test/fhir\n", "line 2", "uses http"),
        (f"{A}/*\n", "line 1", "not a plain absolute"),
        (f"{A}/metadata\n", "line 1", "ends in /metadata"),
        ("https://a.test/FHIR/DSTU2/\n", "line 1", "FHIR DSTU2"),
        (bundle(endpoint("1", "https://a.test/stu3/t")), "entry 1", "FHIR STU3"),
        (f"url\n{A}\n\nnot one\n", "line 4", "not a plain absolute"),
        (bundle({"resource": {}}, endpoint("1", "")), "entry 2", "not a plain absolute"),
        (bundle(endpoint("1", A, status="off")), "entry 1", "status is off"),
        (
            bundle(endpoint("1", A, connectionType={"code": "direct-project"})),
            "entry 1",
            "direct-p",
        ),
        (
            bundle(endpoint("1", A, extension=[{**R4, "valueCode": "1.0.2"}])),
            "entry 1",
            "FHIR 1.0.2",
        ),
    ],
)
def test_what_is_no_base_is_refused_with_its_place_and_why(text: str, place: str, why: str) -> None:
    (refused,) = issuer_lists.judged(text).refused
    assert refused.place == place
    assert why in refused.why


@each("text", ["{", "[1]", '{"resourceType":"Patient"}', "name,city\nA,Bern\n", "[" * 100_000])
def test_what_is_no_list_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|column"):
        issuer_lists.judged(text)


def convert(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run the command on a list; return its status, output, and the file that it wrote."""
    (folder / "list").write_text(text, encoding="utf-8")
    file = folder / "issuers/one.txt"
    code = issuers.main(["convert", "--ehr", "one", str(folder / "list"), "--out", str(file)])
    out = capsys.readouterr()
    return code, out.out + out.err, file.read_text("utf-8") if file.exists() else ""


def test_a_second_list_adds_to_the_file_and_takes_nothing_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "issuers").mkdir()
    (tmp_path / "issuers/one.txt").write_text(f"# Ours\nhttps://z.test\n{A}\tFirst\n")
    code, told, file = convert(tmp_path, f"{A}\tSecond\n{B}\tB\tBern\n{B}\nx\n", capsys)
    assert code == 0
    assert file == f"# Ours\n{A}\tFirst\n{B}\tB\tBern\nhttps://z.test\n"
    assert "1 new, 1 known, 1 refused; 3 FHIR bases in " in told
    assert "1 of which aren't in this list" in told
    assert "line 4: 'x': not a plain absolute" in told
    assert f"line 1: {A} is 'First', and also 'Second'" in told
    assert bases_in(file, local=False) == (frozenset({A, B, "https://z.test"}), [])


@each("text", ["", "x\n", "{}"])
def test_a_list_without_a_usable_address_leaves_the_file_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "issuers").mkdir(exist_ok=True)
    (tmp_path / "issuers/one.txt").write_text(f"{A}\n")
    code, told, file = convert(tmp_path, text, capsys)
    assert (code, file) == (1, f"{A}\n")
    assert "Nothing was written" in told


def test_a_file_with_a_bad_line_is_not_rewritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line would be lost."""
    (tmp_path / "issuers").mkdir()
    (tmp_path / "issuers/one.txt").write_text(f"{A}\nhtps://typo.test\n")
    code, told, file = convert(tmp_path, f"{B}\n", capsys)
    assert (code, file) == (1, f"{A}\nhtps://typo.test\n")
    assert "line 2: 'htps://typo.test'" in told


def test_make_takes_the_list_by_standard_input_into_the_projects_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "smart_calc", "issuers", "convert", "--ehr", "one"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        command,
        input=f"{B}\n{A}\n",
        cwd=tmp_path,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "issuers/one.txt").read_text() == f"{A}\n{B}\n"


def test_a_list_is_judged_without_writing_and_a_sample_is_asked(
    tmp_path: Path, app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = app.scripted.tenant(), app.scripted.tenant()
    del bad.discovery["token_endpoint"]
    silent = f"{good.base}-absent"
    (tmp_path / "list").write_text(f"{good.base}\n{bad.base}\n{silent}\n{silent}\nx\n")
    code = main(["endpoints", str(tmp_path / "list"), "--connect", "9", "--json"])
    out = capsys.readouterr()
    told = json.loads(out.out)
    assert (code, told["bases"], told["repeated"]) == (1, 3, 1)
    assert [one["place"] for one in told["refused"]] == ["line 5"]
    problems = {one["base"]: one["problem"] for one in told["asked"]}
    assert problems.keys() == {good.base, bad.base, silent}
    assert problems[good.base] is None
    assert "token_endpoint" in problems[bad.base]
    assert problems[silent]
    assert out.err.splitlines() == [f"Asked {number} of 3" for number in (1, 2, 3)]
    assert [one.name for one in tmp_path.iterdir()] == ["list"]
    assert main(["endpoints", str(tmp_path / "list")]) == 1
    assert capsys.readouterr().out.startswith("3 FHIR bases, 0 with a name, 1 repeated, 1 refused.")
