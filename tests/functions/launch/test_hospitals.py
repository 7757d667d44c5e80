"""Which hospitals a text finds, and in which order."""

from dataclasses import replace
from pathlib import Path

from functions.launch import hospitals
from functions.launch.hospitals import MOST, Hospital, Hospitals
from shared.config import issuers
from tests.support.app.small_settings import small_settings
from tests.support.tables import each

NAMES = {
    "Bern General": "Thun",
    "Hôpital Saint-Étienne": "Lausanne",
    "General Hospital": "Bern",
    "St. Mary's, Bern": "Köniz",
    "Abern Clinic": "Zug",
    "BERNAU Center": "",
}
FOUND = Hospitals([f"https://{len(name)}.test\t{name}\t{place}" for name, place in NAMES.items()])


@each(
    ("text", "names"),
    [
        ("bern", ["Bern General", "BERNAU Center", "St. Mary's, Bern", "General Hospital"]),
        ("GENERAL", ["General Hospital", "Bern General"]),
        ("saint etienne", ["Hôpital Saint-Étienne"]),
        ("etienne", ["Hôpital Saint-Étienne"]),
        ("st marys", []),
        ("st mary's", ["St. Mary's, Bern"]),
        ("ko\u0308niz", ["St. Mary's, Bern"]),
        ("lausanne", ["Hôpital Saint-Étienne"]),
        ("ern", []),
        ("...", []),
        ("bern\ngeneral", ["Bern General"]),
        ("general bern", []),
    ],
)
def test_names_come_before_words_of_names_and_these_before_places(
    text: str, names: list[str]
) -> None:
    assert [one.name for one in FOUND.find(text)] == names


def test_of_many_matches_it_returns_one_more_than_fit() -> None:
    many = Hospitals([f"https://{n}.test\tSame {n:03}\t" for n in range(50, 0, -1)])
    assert [one.name for one in many.find("same")] == [f"Same {n:03}" for n in range(1, MOST + 2)]


def test_a_line_names_only_a_base_that_a_launch_accepts(tmp_path: Path) -> None:
    (tmp_path / "issuers").mkdir()
    (tmp_path / "issuers/one.txt").write_text(
        "# Sites\nHTTPS://A.test/fhir/\tAlpha\tTown\nhttps://b.test\n", encoding="utf-8"
    )
    more = 'issuers = "file:issuers/one.txt"\nstandalone = true\nchooser = true\n'
    settings, problems = issuers.read(small_settings(more=more), tmp_path)
    assert problems == []
    # The file changed after the start.
    with (tmp_path / "issuers/one.txt").open("a", encoding="utf-8") as file:
        file.write("https://added.test\tAdded\tTown\n")
    read = hospitals.read(settings, replace(settings.ehrs[0]), tmp_path)
    assert read.find("alpha") == [Hospital("Alpha", "Town", "https://a.test/fhir")]
    assert read.find("b.test") == [Hospital("b.test", "", "https://b.test")]
    assert read.find("ehr.test") == [Hospital("ehr.test", "", "https://ehr.test/fhir")]
    assert read.find("added") == []
