"""List what was done to a recording, stage by stage, as a table: stages that were done, skipped, or tried and dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

from tonnbook.models.notes import StageNotes

DONE, SKIPPED, DROPPED = "✓", "–", "✗"
LEGEND = f"{DONE} done · {SKIPPED} not needed · {DROPPED} tried and dropped"

_CELL = "text-align:left;vertical-align:top;white-space:normal;padding:3px 8px"


class HasStages(Protocol):
    """The studio's notes on an enhancement, a cleanup or a master."""

    @property
    def stages(self) -> Sequence[StageNotes]:
        """The stages in order of processing."""
        ...


class Processed(Protocol):
    """A result that may carry such notes."""

    @property
    def name(self) -> str:
        """The name of the track."""
        ...

    @property
    def notes(self) -> HasStages | None:
        """None on the live service."""
        ...


@dataclass(frozen=True)
class Stages:
    """A table that displays itself as HTML and prints as text."""

    name: str
    rows: tuple[tuple[str, str, str], ...]
    """Mark, stage and sentence of each row."""

    def __str__(self) -> str:
        lines = [f"{mark} {stage:<12} {text}" for mark, stage, text in self.rows]
        return "\n".join([self._title, *lines])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        rows = "".join(
            f'<tr><td style="{_CELL}"><b>{mark}</b></td><th scope="row" style="{_CELL}">{escape(stage)}</th>'
            f'<td style="{_CELL}">{escape(text)}</td></tr>'
            for mark, stage, text in self.rows
        )
        table = f'<table style="text-align:left"><tbody>{rows}</tbody></table><p>{LEGEND}</p>' if rows else ""
        return {"text/html": f"<p>{escape(self._title)}</p>{table}", "text/plain": str(self)}

    @property
    def _title(self) -> str:
        return f"What was done to {self.name}" + ("" if self.rows else ": the service gives no details")


def stages(result: Processed) -> Stages:
    """Return what was done to an enhanced, cleaned or mastered track, stage by stage, with the reasons.

    >>> tb.stages(await tonn.enhance(builder.request))
    """
    found = result.notes.stages if result.notes else ()
    return Stages(result.name, tuple((_mark(stage), stage.stage, stage.text) for stage in found))


def _mark(stage: StageNotes) -> str:
    if stage.done:
        return DONE
    return DROPPED if stage.dropped else SKIPPED
