"""Mix, master and compose from a notebook: two web services, and a local studio that does the same work without a key.

>>> import tonnbook as tb
>>> services = tb.offline()        # tb.live() for the real services
>>> tonn = services.tonn

The names below are what a notebook uses; each is loaded when it is first used, so that the import itself is fast. Strings are
accepted wherever an enumeration is: the enumerations are in `tb.vocabulary`, the less common errors in `tb.errors`, the single
panels of `plot_mix` in `tb.plots`. The classes of clients, jobs and results are in their modules, for type annotations.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tonnbook import demo as demo
    from tonnbook import errors as errors
    from tonnbook import plots as plots
    from tonnbook.errors import ApiError as ApiError
    from tonnbook.errors import AudioError as AudioError
    from tonnbook.errors import JobFailed as JobFailed
    from tonnbook.errors import JobTimeout as JobTimeout
    from tonnbook.errors import OutOfCredits as OutOfCredits
    from tonnbook.errors import TonnbookError as TonnbookError
    from tonnbook.exercises import quiz as quiz
    from tonnbook.exercises import solution as solution
    from tonnbook.models import vocabulary as vocabulary
    from tonnbook.models.album import Album as Album
    from tonnbook.models.album import AlbumSong as AlbumSong
    from tonnbook.models.analysis import AnalysisRequest as AnalysisRequest
    from tonnbook.models.cleanup import CleanupRequest as CleanupRequest
    from tonnbook.models.composition import CompositionRequest as CompositionRequest
    from tonnbook.models.composition import Section as Section
    from tonnbook.models.effects import Compression as Compression
    from tonnbook.models.effects import EqBand as EqBand
    from tonnbook.models.effects import TrackEffects as TrackEffects
    from tonnbook.models.enhancement import EnhancementRequest as EnhancementRequest
    from tonnbook.models.mastering import MasteringRequest as MasteringRequest
    from tonnbook.models.mixing import MixRequest as MixRequest
    from tonnbook.models.mixing import MixTrack as MixTrack
    from tonnbook.models.recombination import RecombinationRequest as RecombinationRequest
    from tonnbook.models.separation import SeparationRequest as SeparationRequest
    from tonnbook.plots import compare_mixes as compare_mixes
    from tonnbook.plots import plot_album as plot_album
    from tonnbook.plots import plot_chroma as plot_chroma
    from tonnbook.plots import plot_loudness as plot_loudness
    from tonnbook.plots import plot_mix as plot_mix
    from tonnbook.plots import plot_score as plot_score
    from tonnbook.plots import plot_spectrum as plot_spectrum
    from tonnbook.plots import plot_tone as plot_tone
    from tonnbook.plots import reasons as reasons
    from tonnbook.plots.report import report as report
    from tonnbook.plots.stages import stages as stages
    from tonnbook.services import live as live
    from tonnbook.services import offline as offline
    from tonnbook.services import run as run
    from tonnbook.widgets.console.console import Console as Console
    from tonnbook.widgets.download.download import Download as Download
    from tonnbook.widgets.dropzone.dropzone import DropZone as DropZone
    from tonnbook.widgets.forms.composition import CompositionBuilder as CompositionBuilder
    from tonnbook.widgets.forms.mastering import AlbumBuilder as AlbumBuilder
    from tonnbook.widgets.forms.mastering import MasteringBuilder as MasteringBuilder
    from tonnbook.widgets.forms.mixing import MixBuilder as MixBuilder
    from tonnbook.widgets.forms.repair import AnalysisBuilder as AnalysisBuilder
    from tonnbook.widgets.forms.repair import CleanupBuilder as CleanupBuilder
    from tonnbook.widgets.forms.repair import EnhancementBuilder as EnhancementBuilder
    from tonnbook.widgets.forms.repair import RecombinationBuilder as RecombinationBuilder
    from tonnbook.widgets.forms.repair import SeparationBuilder as SeparationBuilder
    from tonnbook.widgets.forms.upload import UploadBuilder as UploadBuilder
    from tonnbook.widgets.jobs.job_card import watch as watch
    from tonnbook.widgets.player.blind_tests import abx as abx
    from tonnbook.widgets.player.compare import compare as compare
    from tonnbook.widgets.player.compare import switch as switch
    from tonnbook.widgets.player.play import play as play
    from tonnbook.widgets.player.play import residue as residue

_NAMES = {
    "services": (
        "live",
        "offline",
        "run",
    ),
    "models.mixing": (
        "MixRequest",
        "MixTrack",
    ),
    "models.album": ("Album", "AlbumSong"),
    "models.mastering": ("MasteringRequest",),
    "models.analysis": ("AnalysisRequest",),
    "models.cleanup": ("CleanupRequest",),
    "models.enhancement": ("EnhancementRequest",),
    "models.composition": (
        "CompositionRequest",
        "Section",
    ),
    "models.recombination": ("RecombinationRequest",),
    "models.separation": ("SeparationRequest",),
    "models.effects": (
        "Compression",
        "EqBand",
        "TrackEffects",
    ),
    "widgets.forms.mastering": (
        "AlbumBuilder",
        "MasteringBuilder",
    ),
    "widgets.forms.mixing": ("MixBuilder",),
    "widgets.console.console": ("Console",),
    "widgets.download.download": ("Download",),
    "widgets.dropzone.dropzone": ("DropZone",),
    "widgets.forms.composition": ("CompositionBuilder",),
    "widgets.forms.repair": (
        "AnalysisBuilder",
        "CleanupBuilder",
        "EnhancementBuilder",
        "RecombinationBuilder",
        "SeparationBuilder",
    ),
    "widgets.forms.upload": ("UploadBuilder",),
    "widgets.player.blind_tests": ("abx",),
    "widgets.player.compare": (
        "compare",
        "switch",
    ),
    "widgets.jobs.job_card": ("watch",),
    "widgets.player.play": (
        "play",
        "residue",
    ),
    "plots.verdicts": ("compare_mixes",),
    "plots.report": ("report",),
    "plots.stages": ("stages",),
    "plots": (
        "plot_album",
        "plot_loudness",
        "plot_mix",
        "plot_spectrum",
        "plot_tone",
        "reasons",
    ),
    "plots.score": (
        "plot_chroma",
        "plot_score",
    ),
    "exercises": (
        "quiz",
        "solution",
    ),
    "errors": (
        "ApiError",
        "AudioError",
        "JobFailed",
        "JobTimeout",
        "OutOfCredits",
        "TonnbookError",
    ),
}
"""Public names by the module that defines them."""

_MODULES = {"demo": "demo", "errors": "errors", "plots": "plots", "vocabulary": "models.vocabulary"}
"""Public names that are modules."""

_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted([*_MODULE_OF, *_MODULES])  # noqa: PLE0605  (one table, not two lists that differ)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"tonnbook.{_MODULES[name]}")
    if name == "__version__":
        from importlib.metadata import version

        return version("tonnbook")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'tonnbook' has no attribute {name!r}")
    value = getattr(import_module(f"tonnbook.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def _show_jobs_in_notebooks() -> None:
    """Register with IPython, if it is running, the card that displays a job which is the value of a cell."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        cards = shell.display_formatter.ipython_display_formatter
        for module, name in (("tonnbook.clients.jobs", "Job"), ("tonnbook.clients.album.batch", "Batch")):
            cards.for_type_by_name(module, name, lambda job: import_module("tonnbook.widgets.jobs.job_card").show(job))


_show_jobs_in_notebooks()
