"""Forms for one finished recording: analysis, enhancement, cleanup, separation, recombination."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tonnbook import demo
from tonnbook.models.analysis import AnalysisRequest
from tonnbook.models.cleanup import CleanupRequest
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.mixing import file_name
from tonnbook.models.recombination import RecombinationRequest
from tonnbook.models.separation import Mode, Separation, SeparationRequest
from tonnbook.models.vocabulary import AnalysisStyle, EnhancementStyle, RecombinationStyle, SoundSource
from tonnbook.widgets.forms.form import RequestForm
from tonnbook.widgets.forms.form_values import source_of
from tonnbook.widgets.forms.instruments import guess_sound_source


class AnalysisBuilder(RequestForm[AnalysisRequest]):
    """The form of an analysis.

    Parameters
    ----------
    track
        A file or a link.
    style
        Style whose reference values the track is compared with.
    fields
        Any other field of `AnalysisRequest`; an unknown name raises TypeError, an invalid value is displayed in the form.

    >>> builder = tb.AnalysisBuilder("my mix.wav", style="ROCK")
    >>> analysis = await tonn.analyse(builder.request)
    """

    model = AnalysisRequest
    endpoint = "/mixanalysis"
    call, verb, price = "analyse", "Analyse", "analysis"

    def __init__(
        self, track: Path | str, style: AnalysisStyle | str = AnalysisStyle.POP, client: Any = None, **fields: Any
    ) -> None:
        super().__init__("Analysis", {"source": source_of(track), "style": style, **fields}, client)


class EnhancementBuilder(RequestForm[EnhancementRequest]):
    """The form of an enhancement: which faults to repair, and the target loudness.

    Parameters
    ----------
    track
        A file or a link.
    style
        Style of the reference values for the repairs.
    fields
        Any other field of `EnhancementRequest`; an unknown name raises TypeError, an invalid value is displayed in the form.

    >>> builder = tb.EnhancementBuilder("my mix.wav", style="ROCK_INDIE", loudness="STREAMING_LOUDNESS")
    >>> preview = await tonn.preview_enhancement(builder.request)
    """

    model = EnhancementRequest
    endpoint = "/mixenhancepreview"
    call, verb = "preview_enhancement", "Preview the enhancement"
    advanced = (
        "drum_enhancement",
        "vocal_enhancement",
        "stem_processing",
        "get_stems",
        "preview_start_s",
        "webhook_url",
    )

    def __init__(
        self, track: Path | str, style: EnhancementStyle | str = EnhancementStyle.POP, client: Any = None, **fields: Any
    ) -> None:
        super().__init__("Enhancement", {"source": source_of(track), "style": style, **fields}, client)


class CleanupBuilder(RequestForm[CleanupRequest]):
    """The form of a cleanup.

    Parameters
    ----------
    recording
        A file or a link with one voice or one instrument.
    sound_source
        The voice or instrument; by default guessed from the file name, and marked as a guess.

    >>> cleaned = await tonn.clean_up(tb.CleanupBuilder("vocal take 3.wav").request)
    """

    model = CleanupRequest
    endpoint = "/audio-cleanup"
    call, verb, price = "clean_up", "Clean up", "cleanup"

    def __init__(
        self, recording: Path | str, sound_source: SoundSource | str | None = None, client: Any = None, **fields: Any
    ) -> None:
        source = source_of(recording)
        guess = guess_sound_source(file_name(source))
        chosen = sound_source or guess or SoundSource.VOCAL
        super().__init__("Cleanup", {"source": source, "sound_source": chosen, **fields}, client)
        if sound_source is None:
            self._add_hint(("sound_source",), "guessed" if guess else "please choose")
            self._validate()

    def _demo_files(self) -> Mapping[str, Path]:
        return demo.stems()


class SeparationBuilder(RequestForm[SeparationRequest]):
    """The form of a separation.

    Parameters
    ----------
    mix
        A file or a link.
    mode
        "all_stems" for four stems (vocals, drums, bass, other), or "vocals_instrumental" for two.
    fields
        Any other field of `SeparationRequest`; an unknown name raises TypeError, an invalid value is displayed in the form.

    >>> stems = await tonn.separate(tb.SeparationBuilder("my mix.wav").request)
    """

    model = SeparationRequest
    endpoint = "/separate"
    call, verb, price = "separate", "Separate", "separation"
    advanced = ("webhook_url",)

    def __init__(self, mix: Path | str, mode: Mode = "all_stems", client: Any = None, **fields: Any) -> None:
        super().__init__("Separation", {"source": source_of(mix), "mode": mode, **fields}, client)


class RecombinationBuilder(RequestForm[RecombinationRequest]):
    """The form of a recombination, which mixes and masters two stems: those of a separation, or a voice and its backing.

    Parameters
    ----------
    separation
        The result of `tonn.separate` with two stems, or its task id; not together with files.
    vocal, backing
        Two files or links; not together with a separation.
    style
        The style of the balance and the master.
    fields
        Any other field of `RecombinationRequest`; an unknown name raises TypeError, an invalid value is displayed in the form.

    >>> builder = tb.RecombinationBuilder(vocal="voice.wav", backing="band.wav", vocal_gain_db=1.5)
    >>> preview = await tonn.recombine(builder.request, final=False)
    """

    model = RecombinationRequest
    endpoint = "/recombine"
    call, verb, price = "recombine", "Recombine", "recombine"
    advanced = ("webhook_url",)

    def __init__(
        self,
        separation: Separation | str | None = None,
        *,
        vocal: Path | str | None = None,
        backing: Path | str | None = None,
        style: RecombinationStyle | str = RecombinationStyle.POP,
        client: Any = None,
        **fields: Any,
    ) -> None:
        task_id = separation.task_id if isinstance(separation, Separation) else separation
        files = {name: source_of(file) for name, file in (("vocal", vocal), ("backing", backing)) if file is not None}
        super().__init__("Recombination", {"separation_id": task_id, "style": style, **files, **fields}, client)

    def _demo_files(self) -> Mapping[str, Path]:
        return demo.stems()
