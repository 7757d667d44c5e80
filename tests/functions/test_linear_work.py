"""Every loop over a chart, a page of results, a prefetch or a pasted text is linear.

Whatever its size, and whatever repeats in it (ids, times, codes, codings, copies), it's gone
through a fixed number of times. Times aren't measured: tests/support/app/metered.py counts.
"""

import pytest

from tests.support.app import metered

pytestmark = pytest.mark.slow
# Four times the input. A loop within a loop would add a hundred sweeps and more.
SIZES = (30, 120)
# What depends on a part's share of the input varies a little.
SLACK = 1.15, 3.0


def test_a_larger_input_is_not_gone_through_more_often() -> None:
    counted = metered.sweeps("tests.support.charts.big_inputs", SIZES)
    times, more = SLACK
    assert len(counted) > 50
    assert {name: n for name, n in counted.items() if n[1] > times * n[0] + more} == {}
