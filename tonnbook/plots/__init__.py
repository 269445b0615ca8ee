"""Draw settings and measurements: axes in, axes out, in dB, LUFS, Hz and seconds.

Curves are computed by the filters and gain computers that render the audio, so that a plot always agrees with the sound.
"""

from tonnbook.plots.compression import plot_compression
from tonnbook.plots.eq import plot_eq
from tonnbook.plots.figure import Picture
from tonnbook.plots.gain_pan import plot_gains, plot_pan
from tonnbook.plots.loudness import plot_loudness
from tonnbook.plots.masters import plot_album, plot_gain_reduction, plot_tone
from tonnbook.plots.mix import plot_mix
from tonnbook.plots.reason_table import Reasons, reasons
from tonnbook.plots.report import Report, report
from tonnbook.plots.score import plot_chroma, plot_score
from tonnbook.plots.spectrum import plot_spectrum
from tonnbook.plots.stages import Stages, stages
from tonnbook.plots.verdicts import Comparison, compare_mixes

__all__ = [
    "Comparison",
    "Picture",
    "Reasons",
    "Report",
    "Stages",
    "compare_mixes",
    "plot_album",
    "plot_chroma",
    "plot_compression",
    "plot_eq",
    "plot_gain_reduction",
    "plot_gains",
    "plot_loudness",
    "plot_mix",
    "plot_pan",
    "plot_score",
    "plot_spectrum",
    "plot_tone",
    "reasons",
    "report",
    "stages",
]
