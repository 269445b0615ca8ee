"""Keep other packages' log lines about our traffic unwritten: they hold links with their signatures."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_logging(*loggers: str) -> Iterator[None]:
    """Drop what these loggers are told in this thread; what other threads say, other servers among them, passes."""
    own = threading.get_ident()

    def from_elsewhere(record: logging.LogRecord) -> bool:
        return record.thread != own

    for name in loggers:
        logging.getLogger(name).addFilter(from_elsewhere)
    try:
        yield
    finally:
        for name in loggers:
            logging.getLogger(name).removeFilter(from_elsewhere)
