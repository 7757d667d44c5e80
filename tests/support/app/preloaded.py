"""What the servers of tests import. They are forked from a process that has read it once.

Only what reads the configuration when it is imported is left to each server. The simulated EHRs
also share the charts of the day, which take most of an EHR's start.
"""

import importlib
from datetime import UTC, datetime
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_FOLDERS = ("functions", "gateway", "shared", "simulator")
_OF_EACH_SERVER = {"__init__", "__main__", "app", "front", "main", "serve_ehr"}
_BESIDE = ("functions_framework", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread")

for _name in _BESIDE:
    importlib.import_module(_name)
for _folder in _FOLDERS:
    for _path in sorted((_ROOT / _folder).rglob("*.py")):
        if _path.stem not in _OF_EACH_SERVER:
            importlib.import_module(".".join(_path.relative_to(_ROOT).with_suffix("").parts))

from shared import release  # noqa: E402 - after the order above
from simulator.charts import generated, moving  # noqa: E402 - after the order above

# It starts git in a clone.
release.version()
generated.load_charts(moving.day_at(datetime.now(UTC)))
