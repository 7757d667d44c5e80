"""Documents as pages: a title, the sections, and the commands that the reader has."""

import re

from gateway import documents


def test_every_document_has_a_title_and_sections_that_exist_and_no_comment() -> None:
    for name in documents.names():
        document = documents.rendered(name)
        assert document.title not in ("", name)
        assert "&lt;!--" not in document.text, name
        assert [one for one, _ in document.sections if f'id="{one}"' not in document.text] == []


def test_in_a_project_the_commands_are_those_of_a_project() -> None:
    codes = re.compile(r"<code>(.*?)</code>", re.DOTALL)
    for name in documents.names():
        project = documents.rendered(name, in_clone=False).text
        clone = documents.rendered(name, in_clone=True).text
        for said in codes.findall(project):
            assert "python -m doctor" not in said, (name, said)
            assert not re.search(r"(?m)^make (doctor|explain|ehr)\b", said), (name, said)
        assert clone.count("smart-calc") <= project.count("smart-calc")
    doctor = documents.rendered("doctor.md", in_clone=False).text
    assert "smart-calc doctor --config smart.toml\n" in doctor
    assert "smart-calc explain &lt; FILE" in doctor
    assert "make doctor CONFIG=smart.toml" in documents.rendered("doctor.md", in_clone=True).text
    # A paragraph about a clone keeps its commands.
    assert "make run PAGE=folder" in documents.rendered("own-app.md", in_clone=False).text
