"""Mix, master and compose from a notebook: two web services, and a local studio that does the same work without a key.

>>> import tonnbook as tb
>>> services = tb.offline()        # tb.live() for the real services
>>> tonn = services.tonn

Everything below is loaded when it is first used, so that the import itself costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tonnbook import demo as demo
    from tonnbook.clients.album.batch import Batch as Batch
    from tonnbook.clients.beatoven.client import BeatovenClient as BeatovenClient
    from tonnbook.clients.inbox import WebhookInbox as WebhookInbox
    from tonnbook.clients.jobs import Job as Job
    from tonnbook.clients.tonn import TonnClient as TonnClient
    from tonnbook.errors import ApiError as ApiError
    from tonnbook.errors import AudioError as AudioError
    from tonnbook.errors import JobFailed as JobFailed
    from tonnbook.errors import JobTimeout as JobTimeout
    from tonnbook.errors import NotAuthorised as NotAuthorised
    from tonnbook.errors import NotFound as NotFound
    from tonnbook.errors import OutOfCredits as OutOfCredits
    from tonnbook.errors import RequestRejected as RequestRejected
    from tonnbook.errors import ServerFault as ServerFault
    from tonnbook.errors import TonnbookError as TonnbookError
    from tonnbook.errors import TooManyRequests as TooManyRequests
    from tonnbook.errors import UnexpectedAnswer as UnexpectedAnswer
    from tonnbook.errors import Unreachable as Unreachable
    from tonnbook.exercises import quiz as quiz
    from tonnbook.exercises import solution as solution
    from tonnbook.models.analysis import Analysis as Analysis
    from tonnbook.models.analysis import AnalysisRequest as AnalysisRequest
    from tonnbook.models.cleanup import Cleanup as Cleanup
    from tonnbook.models.cleanup import CleanupRequest as CleanupRequest
    from tonnbook.models.composition import CompositionRequest as CompositionRequest
    from tonnbook.models.composition import Emotion as Emotion
    from tonnbook.models.composition import Genre as Genre
    from tonnbook.models.composition import Section as Section
    from tonnbook.models.composition import Tempo as Tempo
    from tonnbook.models.effects import Compression as Compression
    from tonnbook.models.effects import EqBand as EqBand
    from tonnbook.models.effects import TrackEffects as TrackEffects
    from tonnbook.models.enhancement import Enhancement as Enhancement
    from tonnbook.models.enhancement import EnhancementRequest as EnhancementRequest
    from tonnbook.models.mastering import Album as Album
    from tonnbook.models.mastering import AlbumSong as AlbumSong
    from tonnbook.models.mastering import MasteringRequest as MasteringRequest
    from tonnbook.models.masters import Master as Master
    from tonnbook.models.masters import Masters as Masters
    from tonnbook.models.mixing import FinalMixRequest as FinalMixRequest
    from tonnbook.models.mixing import FinalMixTrack as FinalMixTrack
    from tonnbook.models.mixing import MixRequest as MixRequest
    from tonnbook.models.mixing import MixTrack as MixTrack
    from tonnbook.models.recombination import Recombination as Recombination
    from tonnbook.models.recombination import RecombinationRequest as RecombinationRequest
    from tonnbook.models.results import FinalMix as FinalMix
    from tonnbook.models.results import MixPreview as MixPreview
    from tonnbook.models.separation import Separation as Separation
    from tonnbook.models.separation import SeparationRequest as SeparationRequest
    from tonnbook.models.song import Song as Song
    from tonnbook.models.vocabulary import AnalysisStyle as AnalysisStyle
    from tonnbook.models.vocabulary import DesiredLoudness as DesiredLoudness
    from tonnbook.models.vocabulary import EnhancementStyle as EnhancementStyle
    from tonnbook.models.vocabulary import InstrumentGroup as InstrumentGroup
    from tonnbook.models.vocabulary import LoudnessPreference as LoudnessPreference
    from tonnbook.models.vocabulary import MusicalStyle as MusicalStyle
    from tonnbook.models.vocabulary import PanPreference as PanPreference
    from tonnbook.models.vocabulary import Presence as Presence
    from tonnbook.models.vocabulary import RecombinationStyle as RecombinationStyle
    from tonnbook.models.vocabulary import ReverbPreference as ReverbPreference
    from tonnbook.models.vocabulary import SampleRate as SampleRate
    from tonnbook.models.vocabulary import SoundSource as SoundSource
    from tonnbook.plots import compare_mixes as compare_mixes
    from tonnbook.plots import plot_album as plot_album
    from tonnbook.plots import plot_chroma as plot_chroma
    from tonnbook.plots import plot_compression as plot_compression
    from tonnbook.plots import plot_eq as plot_eq
    from tonnbook.plots import plot_gain_reduction as plot_gain_reduction
    from tonnbook.plots import plot_gains as plot_gains
    from tonnbook.plots import plot_loudness as plot_loudness
    from tonnbook.plots import plot_mix as plot_mix
    from tonnbook.plots import plot_pan as plot_pan
    from tonnbook.plots import plot_score as plot_score
    from tonnbook.plots import plot_spectrum as plot_spectrum
    from tonnbook.plots import plot_tone as plot_tone
    from tonnbook.plots import reasons as reasons
    from tonnbook.plots.report import report as report
    from tonnbook.plots.stages import stages as stages
    from tonnbook.services import Services as Services
    from tonnbook.services import live as live
    from tonnbook.services import offline as offline
    from tonnbook.services import run as run
    from tonnbook.widgets.forms.album import AlbumBuilder as AlbumBuilder
    from tonnbook.widgets.forms.composition import CompositionBuilder as CompositionBuilder
    from tonnbook.widgets.forms.mixing import MixBuilder as MixBuilder
    from tonnbook.widgets.forms.repair import AnalysisBuilder as AnalysisBuilder
    from tonnbook.widgets.forms.repair import CleanupBuilder as CleanupBuilder
    from tonnbook.widgets.forms.repair import EnhancementBuilder as EnhancementBuilder
    from tonnbook.widgets.forms.repair import RecombinationBuilder as RecombinationBuilder
    from tonnbook.widgets.forms.repair import SeparationBuilder as SeparationBuilder
    from tonnbook.widgets.jobs.job_card import watch as watch
    from tonnbook.widgets.player.compare import compare as compare
    from tonnbook.widgets.player.compare import switch as switch
    from tonnbook.widgets.player.player import play as play
    from tonnbook.widgets.player.residue import taken_away as taken_away

_ROOMS = {
    "services": ("Services", "live", "offline", "run"),
    "clients.tonn": ("TonnClient",),
    "clients.beatoven.client": ("BeatovenClient",),
    "clients.jobs": ("Job",),
    "clients.inbox": ("WebhookInbox",),
    "clients.album.batch": ("Batch",),
    "models.mixing": ("FinalMixRequest", "FinalMixTrack", "MixRequest", "MixTrack"),
    "models.mastering": ("Album", "AlbumSong", "MasteringRequest"),
    "models.masters": ("Master", "Masters"),
    "models.analysis": ("Analysis", "AnalysisRequest"),
    "models.cleanup": ("Cleanup", "CleanupRequest"),
    "models.enhancement": ("EnhancementRequest", "Enhancement"),
    "models.composition": ("CompositionRequest", "Emotion", "Genre", "Section", "Tempo"),
    "models.song": ("Song",),
    "models.recombination": ("RecombinationRequest", "Recombination"),
    "models.separation": ("SeparationRequest", "Separation"),
    "models.effects": ("Compression", "EqBand", "TrackEffects"),
    "models.results": ("FinalMix", "MixPreview"),
    "models.vocabulary": (
        "AnalysisStyle",
        "DesiredLoudness",
        "EnhancementStyle",
        "InstrumentGroup",
        "LoudnessPreference",
        "MusicalStyle",
        "PanPreference",
        "Presence",
        "RecombinationStyle",
        "ReverbPreference",
        "SampleRate",
        "SoundSource",
    ),
    "widgets.forms.album": ("AlbumBuilder",),
    "widgets.forms.mixing": ("MixBuilder",),
    "widgets.forms.composition": ("CompositionBuilder",),
    "widgets.forms.repair": (
        "AnalysisBuilder",
        "CleanupBuilder",
        "EnhancementBuilder",
        "RecombinationBuilder",
        "SeparationBuilder",
    ),
    "widgets.player.compare": ("compare", "switch"),
    "widgets.jobs.job_card": ("watch",),
    "widgets.player.player": ("play",),
    "widgets.player.residue": ("taken_away",),
    "plots.compared_mixes": ("compare_mixes",),
    "plots.report": ("report",),
    "plots.stages": ("stages",),
    "plots": (
        "plot_album",
        "plot_compression",
        "plot_eq",
        "plot_gain_reduction",
        "plot_gains",
        "plot_loudness",
        "plot_mix",
        "plot_pan",
        "plot_spectrum",
        "plot_tone",
        "reasons",
    ),
    "plots.score": ("plot_chroma", "plot_score"),
    "exercises": ("quiz", "solution"),
    "errors": (
        "ApiError",
        "AudioError",
        "JobFailed",
        "JobTimeout",
        "NotAuthorised",
        "NotFound",
        "OutOfCredits",
        "RequestRejected",
        "ServerFault",
        "TonnbookError",
        "TooManyRequests",
        "UnexpectedAnswer",
        "Unreachable",
    ),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted([*_ROOM_OF, "demo"])  # noqa: PLE0605  (one table, not two lists that drift)


def __getattr__(name: str) -> Any:
    if name == "demo":
        return import_module("tonnbook.demo")
    if name == "__version__":
        from importlib.metadata import version

        return version("tonnbook")
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'tonnbook' has no attribute {name!r}")
    value = getattr(import_module(f"tonnbook.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def _show_jobs_in_notebooks() -> None:
    """Have IPython, where it runs, show a job that is the value of a cell by its card."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        cards = shell.display_formatter.ipython_display_formatter
        for room, name in (("tonnbook.clients.jobs", "Job"), ("tonnbook.clients.album.batch", "Batch")):
            cards.for_type_by_name(room, name, lambda job: import_module("tonnbook.widgets.jobs.job_card").show(job))


_show_jobs_in_notebooks()
