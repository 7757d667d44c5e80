import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
import simulator.serve_ehr
print([name for name in sys.modules if name.split(".")[0] in ("shared", "functions", "doctor")])
"""


def test_the_ehr_loads_nothing_of_the_product_that_it_is_to_catch_out() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "[]\n"
