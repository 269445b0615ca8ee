"""A record of the calls of a studio, with the credits that each would have cost on the live service.

The prices are those that integrators paid (wire notes, "credits"). The price of retrieving FX settings is not published: the call is
entered with a remark and 0 credits.
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
    """"mix_preview", "fx_settings", "final_mix" and so on: a key of `CREDITS`, or a call that is free."""
    task_id: str
    credits: int
    """Price on the live service; the studio itself is free."""
    at: float
    """When, in seconds since 1970."""
    remark: str = ""


class LedgerAnswer(Answer):
    """The answer of /studio/ledger."""

    credits: int
    """Credits that all calls together would have cost live."""
    entries: tuple[Entry, ...] = Field(())


class Ledger:
    """The list of calls and their live prices. Its methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def charge(self, call: str, task_id: str) -> int:
        """Add an entry for a call and return its live price in credits."""
        with self._lock:
            return self._add(call, task_id)

    def charge_once(self, call: str, task_id: str) -> int:
        """Add an entry unless this task has one for this call; return the price, or 0 if there was one."""
        with self._lock:
            if any(entry.call == call and entry.task_id == task_id for entry in self._entries):
                return 0
            return self._add(call, task_id)

    def _add(self, call: str, task_id: str) -> int:
        """Add an entry; the lock must be held."""
        price = CREDITS.get(call, 0)
        self._entries.append(
            Entry(call=call, task_id=task_id, credits=price, at=self._clock(), remark=_REMARKS.get(call, ""))
        )
        return price

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
        """Return the answer of /studio/ledger."""
        entries = self.entries
        return LedgerAnswer(credits=sum(entry.credits for entry in entries), entries=entries)

    def __repr__(self) -> str:
        entries = self.entries
        lines = [f"{entry.credits:5d}  {entry.call}  {entry.remark}".rstrip() for entry in entries]
        total = sum(entry.credits for entry in entries)
        return "\n".join(["credits on the live service:", *lines, f"{total:5d}  in all"])
