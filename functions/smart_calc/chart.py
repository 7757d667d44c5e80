"""Entry point for other programs: `prefill(resources, now)` reads a chart. See clinical/."""

from clinical.chart import prefill

__all__ = ["prefill"]
