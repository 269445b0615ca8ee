"""What the same run would have cost on the live service.

Amounts as integrators paid them (wire notes, "credits"); what retrieving FX settings costs is not published, so it is noted
and counted as 0.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pydantic import Field

from tonnbook.models.base import Answer
from tonnbook.models.vocabulary import CREDITS

_REMARKS = {"fx_settings": "consumes credits on the live service; the amount is not published"}


class Entry(Answer):
    """One call that was carried out."""

    call: str
    """"mix_preview", "fx_settings" or "final_mix"."""
    task_id: str
    credits: int
    """What it costs on the live service; the studio itself is free."""
    at: float
    """When, in seconds since 1970."""
    remark: str = ""


class LedgerAnswer(Answer):
    """The answer of /studio/ledger."""

    credits: int
    """Credits that all calls together would have cost live."""
    entries: tuple[Entry, ...] = Field(())


class Ledger:
    """The list of calls and their live price; safe to use from several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def charge(self, call: str, task_id: str) -> int:
        """Enter one call and return its live price in credits."""
        price = CREDITS.get(call, 0)
        entry = Entry(call=call, task_id=task_id, credits=price, at=self._clock(), remark=_REMARKS.get(call, ""))
        with self._lock:
            self._entries.append(entry)
        return price

    def charge_once(self, call: str, task_id: str) -> int:
        """Enter a call that the same task pays for once only; return its price, 0 when it was entered before."""
        if any(entry.call == call and entry.task_id == task_id for entry in self.entries):
            return 0
        return self.charge(call, task_id)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, oldest first."""
        with self._lock:
            return tuple(self._entries)

    @property
    def credits(self) -> int:
        """Credits that all calls together would have cost live."""
        return sum(entry.credits for entry in self.entries)

    def answer(self) -> LedgerAnswer:
        """Return the ledger as it travels."""
        return LedgerAnswer(credits=self.credits, entries=self.entries)

    def __repr__(self) -> str:
        lines = [f"{entry.credits:5d}  {entry.call}  {entry.remark}".rstrip() for entry in self.entries]
        return "\n".join(["credits on the live service:", *lines, f"{self.credits:5d}  in all"])
