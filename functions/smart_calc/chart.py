"""Where other programs find the reading of a chart: `prefill(resources, now)`. See clinical/."""

from clinical.chart import prefill

__all__ = ["prefill"]
