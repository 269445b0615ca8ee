"""A report on one track, on one page: the verdicts as symbols, words and sentences, and what was measured as a picture."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from tonnbook import audio_files
from tonnbook.models.analysis import Analysis
from tonnbook.plots import report_panels
from tonnbook.plots.picture import Picture
from tonnbook.plots.verdict_table import Row, headline, rows, table

_RATE = 44100
_KBPS = 96


@dataclass(frozen=True)
class Report:
    """What is wrong with a track, and what is not. It shows itself; `save` writes it as one HTML file."""

    analysis: Analysis = field(repr=False)
    rows: tuple[Row, ...]
    picture: Picture | None = field(repr=False)
    """None for the live service, which measures less than it says."""

    def to_html(self) -> str:
        """Return the page; it needs no other file."""
        said = self.analysis.verdicts
        who = self.analysis.notes.made_by if self.analysis.notes else "measured by the service"
        picture = self.picture.to_html() if self.picture else ""
        return (
            f"<h3>{escape(self.analysis.name)}</h3><p>{escape(headline(said))}</p>{picture}{table(self.rows)}"
            f"<p><small>{escape(who)}</small></p>"
        )

    def save(self, path: str | Path, *, players: bool = True) -> Path:
        """Write one HTML file, with the track in it to be heard where it lies on this machine; return its path.

        The sound goes in as an MP3 of 96 kbit/s: about 1 MB for each minute. `players=False` leaves it out.
        """
        target = Path(path)
        head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(self.analysis.name)}</title>'
        style = "<style>body{font:15px/1.45 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}</style>"
        sound = self._player() if players and self.analysis.path else ""
        target.write_text(f"{head}{style}<body>{self.to_html()}{sound}</body></html>", encoding="utf-8")
        return target

    def _player(self) -> str:
        assert self.analysis.path is not None
        audio, _ = audio_files.read(self.analysis.path, _RATE)
        mp3 = b64encode(audio_files.encode(audio.clip(-1.0, 1.0), _RATE, "mp3", kbps=_KBPS)).decode("ascii")
        label = f'aria-label="{escape(self.analysis.name)}"'
        return f'<p><audio controls preload="none" {label} src="data:audio/mpeg;base64,{mp3}"></audio></p>'

    def __str__(self) -> str:
        return "\n".join(f"{row.mark} {row.what}: {row.word}. {row.sentence}".rstrip() for row in self.rows)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": str(self)}


def report(analysis: Analysis) -> Report:
    """Return the report on an analysis: one page of verdicts and pictures.

    >>> page = tb.report(tonn.analyse("my mix.wav", "ROCK"))
    >>> page.save("my mix.html")

    Raises TypeError for anything that is no Analysis.
    """
    if not isinstance(analysis, Analysis):
        raise TypeError(f"report takes what tonn.analyse returns, not {type(analysis).__name__}")
    picture = report_panels.draw(analysis, analysis.notes) if analysis.notes else None
    return Report(analysis, rows(analysis), picture)
