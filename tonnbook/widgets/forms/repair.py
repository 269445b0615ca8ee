"""The forms of the calls about one finished recording: analysis, enhancement, cleanup, separation, recombination."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from tonnbook.models.analysis import AnalysisRequest
from tonnbook.models.base import Request
from tonnbook.models.cleanup import CleanupRequest
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.mixing import file_name
from tonnbook.models.recombination import RecombinationRequest
from tonnbook.models.separation import Mode, Separation, SeparationRequest
from tonnbook.models.vocabulary import AnalysisStyle, EnhancementStyle, RecombinationStyle, SoundSource
from tonnbook.widgets.forms.form import RequestForm
from tonnbook.widgets.forms.form_values import place
from tonnbook.widgets.forms.instruments import guess_instrument

R = TypeVar("R", bound=Request)


class RecordingForm(RequestForm[R]):
    """A form that takes recordings, and says at once where a file is not there."""

    def plain(self) -> str:
        """Return the form in one line of text."""
        if self.problems or not self._missing():
            return super().plain()
        return f"{type(self).__name__}({self._summary()}, no such file here)"

    def _missing(self) -> list[str]:
        """Return the fields whose file does not lie on this machine."""
        return [name for name, where in self._places.items() if isinstance(where, Path) and not where.is_file()]

    def _review(self, _: object = None) -> None:
        with self._lock, self.hold_sync():
            super()._review()
            remarks = [{"path": [name], "message": "there is no such file here"} for name in self._missing()]
            self.hints = [*self.hints, *remarks]


class AnalysisBuilder(RecordingForm[AnalysisRequest]):
    """The form of an analysis.

    Parameters
    ----------
    track
        A file or a link.
    style
        The style that it is measured against.
    fields
        Any other field of `AnalysisRequest`; a wrong name raises TypeError, a wrong value is shown in the form.

    >>> builder = tb.AnalysisBuilder("my mix.wav", style="ROCK")
    >>> analysis = await tonn.analyse(builder.request)
    """

    model = AnalysisRequest
    endpoint = "/mixanalysis"

    def __init__(self, track: Path | str, style: AnalysisStyle | str = AnalysisStyle.POP, **fields: Any) -> None:
        super().__init__("Analysis", {"source": place(track), "style": style, **fields})


class EnhancementBuilder(RecordingForm[EnhancementRequest]):
    """The form of an enhancement: which faults to repair, and how loud it shall be.

    Parameters
    ----------
    track
        A file or a link.
    style
        The style that it is moved toward.
    fields
        Any other field of `EnhancementRequest`; a wrong name raises TypeError, a wrong value is shown in the form.

    >>> builder = tb.EnhancementBuilder("my mix.wav", style="ROCK_INDIE", loudness="STREAMING_LOUDNESS")
    >>> preview = await tonn.preview_enhancement(builder.request)
    """

    model = EnhancementRequest
    endpoint = "/mixenhancepreview"
    seldom = (
        "drum_enhancement",
        "vocal_enhancement",
        "stem_processing",
        "get_stems",
        "preview_start_s",
        "webhook_url",
    )

    def __init__(self, track: Path | str, style: EnhancementStyle | str = EnhancementStyle.POP, **fields: Any) -> None:
        super().__init__("Enhancement", {"source": place(track), "style": style, **fields})


class CleanupBuilder(RecordingForm[CleanupRequest]):
    """The form of a cleanup.

    Parameters
    ----------
    recording
        A file or a link: one voice, or one instrument.
    sound_source
        What it is; guessed from the name of the file where it is not given, and marked as a guess.

    >>> cleaned = await tonn.clean_up(tb.CleanupBuilder("vocal take 3.wav").request)
    """

    model = CleanupRequest
    endpoint = "/audio-cleanup"

    def __init__(self, recording: Path | str, sound_source: SoundSource | str | None = None, **fields: Any) -> None:
        source = place(recording)
        guess = guess_sound_source(file_name(source))
        wanted = sound_source or guess or SoundSource.VOCAL
        super().__init__("Cleanup", {"source": source, "sound_source": wanted, **fields})
        if sound_source is None:
            self._hint(("sound_source",), "guessed" if guess else "no guess: choose")
            self._review()


class SeparationBuilder(RecordingForm[SeparationRequest]):
    """The form of a separation.

    Parameters
    ----------
    mix
        A file or a link.
    mode
        "all_stems" for four of them (vocals, drums, bass, other), or "vocals_instrumental" for two.
    fields
        Any other field of `SeparationRequest`; a wrong name raises TypeError, a wrong value is shown in the form.

    >>> stems = await tonn.separate(tb.SeparationBuilder("my mix.wav").request)
    """

    model = SeparationRequest
    endpoint = "/separate"
    seldom = ("webhook_url",)

    def __init__(self, mix: Path | str, mode: Mode = "all_stems", **fields: Any) -> None:
        super().__init__("Separation", {"source": place(mix), "mode": mode, **fields})


class RecombinationBuilder(RecordingForm[RecombinationRequest]):
    """The form of a recombination: the stems of a separation, or a voice and its backing, become a master.

    Parameters
    ----------
    separation
        What `tonn.separate` returned for two stems, or its task id; not beside files.
    vocal, backing
        Two files or links; not beside a separation.
    style
        The style of the balance and the master.
    fields
        Any other field of `RecombinationRequest`; a wrong name raises TypeError, a wrong value is shown in the form.

    >>> builder = tb.RecombinationBuilder(vocal="voice.wav", backing="band.wav", vocal_gain_db=1.5)
    >>> preview = await tonn.recombine(builder.request, final=False)
    """

    model = RecombinationRequest
    endpoint = "/recombine"
    seldom = ("webhook_url",)

    def __init__(
        self,
        separation: Separation | str | None = None,
        *,
        vocal: Path | str | None = None,
        backing: Path | str | None = None,
        style: RecombinationStyle | str = RecombinationStyle.POP,
        **fields: Any,
    ) -> None:
        task_id = separation.task_id if isinstance(separation, Separation) else separation
        files = {n: place(file) for n, file in (("vocal", vocal), ("backing", backing)) if file is not None}
        super().__init__("Recombination", {"separation_id": task_id, "style": style, **files, **fields})


def guess_sound_source(name: str) -> SoundSource | None:
    """Return what a recording probably holds, by the name of its file; None where that says nothing a cleanup knows."""
    instrument = guess_instrument(name)
    return SoundSource(instrument.value) if instrument and instrument.value in {s.value for s in SoundSource} else None
