"""The progress callback that every long function of the studio takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

Progress = Callable[[float, str], None]
"""Progress callback: fraction done (0 to 1) and a message. It may be called from any thread, and may raise to stop the work."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Return a callback that maps its fraction (0 to 1) to the range from `start` to `stop` of `progress`.

    It can be pickled if `progress` can.
    """
    return partial(_report_part, progress, start, stop)


def no_progress(fraction: float, message: str) -> None:
    """Ignore a report of progress: the default of functions that can run without a callback."""


def _report_part(progress: Progress, start: float, stop: float, fraction: float, message: str) -> None:
    progress(start + (stop - start) * fraction, message)
