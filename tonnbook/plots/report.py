"""Report on one track on one page: the verdicts as symbols, words and sentences, and the measurements as a picture.

Together with an enhanced or cleaned version, the page also lists what was done and what it changed; the saved file plays both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from tonnbook.models.analysis import Analysis
from tonnbook.models.cleanup import Cleanup
from tonnbook.models.enhancement import Enhancement
from tonnbook.plots import report_panels, report_players
from tonnbook.plots.compared_mixes import compare_mixes
from tonnbook.plots.figure import Picture
from tonnbook.plots.stages import stages
from tonnbook.plots.verdict_table import Row, headline, rows, table


@dataclass(frozen=True)
class Report:
    """The report on a track. It displays itself; `save` writes it as one HTML file."""

    analysis: Analysis = field(repr=False)
    rows: tuple[Row, ...]
    picture: Picture | None = field(repr=False)
    """None for the live service, which sends fewer measurements."""
    after: Enhancement | Cleanup | None = field(default=None, repr=False)
    """The enhanced or cleaned version of the track, if it is part of the report."""

    def to_html(self) -> str:
        """Return the page as self-contained HTML."""
        verdicts = self.analysis.verdicts
        who = self.analysis.notes.made_by if self.analysis.notes else "measured by the service"
        picture = self.picture.to_html() if self.picture else ""
        return (
            f"<h3>{escape(self.analysis.name)}</h3><p>{escape(headline(verdicts))}</p>{picture}{table(self.rows)}"
            f"{_what_was_done(self.after)}<p><small>{escape(who)}</small></p>"
        )

    def save(self, path: str | Path, *, players: bool = True) -> Path:
        """Write one HTML file with players for the sounds on this machine, and return its path. In a folder it is named after the track.

        The players play the track or, if the report has an `after`, both versions at equal loudness, as MP3s of 96 kbit/s: about 1 MB per
        minute. `players=False` leaves them out. Raises FileNotFoundError if the folder does not exist.
        """
        target = Path(path)
        if target.is_dir():
            target /= f"{Path(self.analysis.name).stem} report.html"
        if not target.parent.is_dir():
            raise FileNotFoundError(
                f"the folder {target.parent} does not exist: create it first, or save the report elsewhere"
            )
        head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(self.analysis.name)}</title>'
        style = "<style>body{font:15px/1.45 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}</style>"
        sound = self._players() if players else ""
        target.write_text(f"{head}{style}<body>{self.to_html()}{sound}</body></html>", encoding="utf-8")
        return target

    def _players(self) -> str:
        before = self.analysis.path or (self.after.original if self.after else None)
        if before is None:
            return ""
        if self.after is None:
            return report_players.player(self.analysis.name, before)
        if isinstance(self.after, Enhancement):
            return report_players.before_and_after(before, self.after.track.path, self.after.preview_start_s)
        return report_players.before_and_after(before, self.after.cleaned.path, None)

    def __str__(self) -> str:
        lines = [f"{row.mark} {row.what}: {row.word}. {row.sentence}".rstrip() for row in self.rows]
        return "\n".join([*lines, *([str(stages(self.after))] if self.after else [])])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": str(self)}


def report(analysis: Analysis, after: Enhancement | Cleanup | None = None) -> Report:
    """Return the report on an analysis: one page of verdicts and pictures.

    Parameters
    ----------
    analysis
        The result of `tonn.analyse`.
    after
        The result of `tonn.enhance`, `tonn.preview_enhancement` or `tonn.clean_up` for that track: the page then also lists what was done
        and how the verdicts changed; the saved file has a player for before and one for after.

    >>> page = tb.report(await tonn.analyse("my mix.wav", "ROCK"))
    >>> page.save("my mix.html")
    >>> tb.report(analysis, after=enhanced).save("before and after.html")

    Raises TypeError if `analysis` is no Analysis, or `after` neither an Enhancement nor a Cleanup.
    """
    if not isinstance(analysis, Analysis):
        raise TypeError(f"report takes the result of tonn.analyse, not {type(analysis).__name__}")
    if after is not None and not isinstance(after, Enhancement | Cleanup):
        raise TypeError(f"after takes the result of tonn.enhance or tonn.clean_up, not {type(after).__name__}")
    picture = report_panels.draw(analysis, analysis.notes) if analysis.notes else None
    return Report(analysis, rows(analysis), picture, after)


def _what_was_done(after: Enhancement | Cleanup | None) -> str:
    """Return the stages of the work as a table, and for an enhancement the verdicts before and after it."""
    if after is None:
        return ""
    done = stages(after)._repr_mimebundle_()["text/html"]
    if not isinstance(after, Enhancement) or after.notes is None:
        return done
    before_it, after_it = (
        Analysis(name, verdicts) for name, verdicts in (("before", after.notes.before), ("after", after.notes.after))
    )
    return done + compare_mixes(before_it, after_it)._repr_mimebundle_()["text/html"]
