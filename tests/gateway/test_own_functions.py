"""A project function that can't be loaded is one message with its file and line."""

from pathlib import Path

import pytest

from gateway.own_functions import OwnFunction

TEXTS = {
    "import numpyx": r"main\.py, line 1: ModuleNotFoundError: No module named 'numpyx'\. If it's",
    "from . import helper": r"helper\.py, line 2: SyntaxError: ",
    "\nfrom . import using": r"using\.py, line 1: ModuleNotFoundError: No module named 'numpyx'",
    "x = 1\ny = x.z": r"main\.py, line 2: AttributeError: 'int' object has no attribute 'z'",
}


def test_what_stops_a_function_from_loading_is_named_with_file_and_line(tmp_path: Path) -> None:
    for number, (text, said) in enumerate(TEXTS.items()):
        folder = tmp_path / f"own{number}"
        folder.mkdir()
        (folder / "main.py").write_text(text)
        (folder / "helper.py").write_text("\nx = (")
        (folder / "using.py").write_text("import numpyx")
        with pytest.raises(SystemExit, match=said) as ended:
            OwnFunction(folder.name, folder)
        assert "\n" not in str(ended.value)
