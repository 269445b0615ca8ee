"""Report on one track on one page: the verdicts as symbols, words and sentences, and the measurements as a picture.

Together with an enhanced or cleaned version, the page also lists what was done and what it changed; the saved file plays both.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonnbook import audio_files
from tonnbook.dsp.levels import to_gain
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.models.analysis import Analysis
from tonnbook.models.cleanup import Cleanup
from tonnbook.models.enhancement import Enhancement
from tonnbook.plots import report_panels
from tonnbook.plots.figure import Picture
from tonnbook.plots.stages import stages
from tonnbook.plots.verdicts import Row, compare_mixes, headline, rows, table


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
            return _player(self.analysis.name, before)
        if isinstance(self.after, Enhancement):
            return _before_and_after(before, self.after.track.path, self.after.preview_start_s)
        return _before_and_after(before, self.after.cleaned.path, None)

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


_RATE = 44100
_KBPS = 96
_TURNED_DB = 0.05

# A player that starts stops the other one and continues at its position.
_SYNCHRONISE = """<script>
const players = [...document.querySelectorAll("audio")];
for (const one of players) one.addEventListener("play", () => {
  for (const other of players) if (other !== one && !other.paused) { one.currentTime = other.currentTime; other.pause(); }
});
</script>"""

_Sound = NDArray[np.float64]


def _player(name: str, track: Path) -> str:
    """Return the HTML of one player, at the level of the file."""
    return _element(name, _in_stereo(track))


def _before_and_after(before: Path, after: Path, start_s: float | None) -> str:
    """Return the HTML of two synchronised players, the louder sound turned down to the loudness of the other.

    Parameters
    ----------
    start_s
        Where `after` starts in `before` if it is an excerpt; the rest of `before` is left out.
    """
    whole, made = _in_stereo(before), _in_stereo(after)
    first = round((start_s or 0.0) * _RATE)
    sounds = {"before": whole[:, first : first + made.shape[1]] if start_s else whole, "after": made}
    gains = _gains_db(sounds)
    players = "".join(
        _element(
            name, sound * to_gain(gains[name]), f"turned down by {-gains[name]:.1f} dB" * (gains[name] < -_TURNED_DB)
        )
        for name, sound in sounds.items()
    )
    return f"<p>Before and after, at equal loudness. To switch, press Play on the other player: it continues at the same position.</p>{players}{_SYNCHRONISE}"


def _in_stereo(track: Path) -> _Sound:
    """Read a track as stereo; a mono track plays on both sides, which makes it 3 LU louder."""
    audio, _ = audio_files.read(track, _RATE)
    return np.asarray(np.broadcast_to(audio, (2, audio.shape[1])), dtype=np.float64)


def _gains_db(sounds: Mapping[str, _Sound]) -> dict[str, float]:
    """Return the gains in dB that make all sounds as loud as the quietest; 0 if one of them is silent."""
    lufs = {name: integrated_loudness(sound, _RATE) for name, sound in sounds.items()}
    least = min(lufs.values())
    return {name: least - each if isfinite(least) else 0.0 for name, each in lufs.items()}


def _element(name: str, audio: _Sound, remark: str = "") -> str:
    mp3 = b64encode(audio_files.encode(audio.clip(-1.0, 1.0), _RATE, "mp3", kbps=_KBPS)).decode("ascii")
    label = f"{name} ({remark})" if remark else name
    return (
        f'<p><b>{escape(label)}</b><br><audio controls preload="none" aria-label="{escape(label)}" '
        f'src="data:audio/mpeg;base64,{mp3}"></audio></p>'
    )
