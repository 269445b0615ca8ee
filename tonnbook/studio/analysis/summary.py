"""The sentences of an analysis: what was found, with the numbers, and what to do about it. The same findings give the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tonnbook.models.analysis import FieldBand, TonalBand, Verdicts
from tonnbook.models.vocabulary import Advice, AnalysisStyle, ClippingVerdict, StereoField, TonalLevel
from tonnbook.studio.analysis import verdicts as rules
from tonnbook.studio.analysis.findings import Findings
from tonnbook.studio.analysis.verdicts import plr_range_lu

_RANGES = {
    "bass": "the bass (20-200 Hz)",
    "low_mid": "the low middle (200 Hz-2 kHz)",
    "high_mid": "the high middle (2-8 kHz)",
    "high": "the treble (8-20 kHz)",
}


def sentences(
    found: Findings,
    said: Verdicts,
    tonal: tuple[TonalBand, ...],
    octaves: tuple[FieldBand, ...],
    style: AnalysisStyle,
    *,
    is_master: bool,
) -> Mapping[str, str]:
    """Return the summary of an analysis, by heading."""
    faults = problems(said, is_master=is_master, silent_side=found.silent_side)
    return {
        "intro": _intro(found, said, style, is_master),
        "mix_loudness": _mix_loudness(said),
        "master_loudness": _master_loudness(said),
        "mix_drc": _compression(found, said.mix_drc, plr_range_lu(style, is_master=False), "mix"),
        "master_drc": _compression(found, said.master_drc, plr_range_lu(style, is_master=True), "master"),
        "clipping": _clipping(found, said),
        "stereo_field": _stereo_field(found, said),
        "mono_compatibility": _mono(found, said, octaves),
        "phase_issues": _phase(found, said),
        "tonal_profile": _tone(found, said, tonal, style),
        "summary": _summary(faults),
        "outro": "Measured by the tonnbook local studio: figures and thresholds, no taste. Listen before you change anything.",
    }


def problems(said: Verdicts, *, is_master: bool, silent_side: str = "") -> tuple[str, ...]:
    """Return what is wrong with a track that is taken for a mix, or for a master, in a few words each.

    Where one side is silent, that is what is wrong, and not what follows from it for width, phase and mono.
    """
    loudness, drc = (said.master_loudness, said.master_drc) if is_master else (said.mix_loudness, said.mix_drc)
    tones = {name: getattr(said.tonal_profile, name) for name in _RANGES}
    checks = {
        f"its loudness ({loudness.label.lower()})": loudness not in (Advice.OPTIMAL, Advice.LESS_APPLE),
        f"its compression ({drc.label.lower()})": drc is not Advice.OPTIMAL,
        f"clipping ({said.clipping.label.lower()})": said.clipping is not ClippingVerdict.NONE,
        f"the {silent_side} channel, which is silent": bool(silent_side),
        f"its width ({said.stereo_field.label.lower()})": not (
            silent_side or said.stereo_field is StereoField.BALANCED
        ),
        "phase between the sides": said.phase_issues and not silent_side,
        "what is lost in mono": not (said.mono_compatible or silent_side),
        **{f"{_RANGES[name]} ({level.label.lower()})": level is not TonalLevel.MEDIUM for name, level in tones.items()},
    }
    return tuple(words for words, wrong in checks.items() if wrong)


def _intro(found: Findings, said: Verdicts, style: AnalysisStyle, is_master: bool) -> str:
    minutes, seconds = divmod(round(found.info.seconds), 60)
    what = "master" if is_master else "mix"
    sides = "stereo" if found.info.channels == 2 else "mono"
    depth = f"{said.bit_depth} bit" if said.bit_depth else "lossy"
    return (
        f"A {sides} {what} of {minutes} min {seconds} s, {said.sample_rate / 1000:g} kHz, {depth}, measured against {style.label}: "
        f"{said.loudness_lufs:.1f} LUFS, true peak {said.true_peak_dbtp:.1f} dBTP."
    )


def _mix_loudness(said: Verdicts) -> str:
    low, high = rules.MIX_LUFS
    levels = f"{said.loudness_lufs:.1f} LUFS and {said.true_peak_dbtp:.1f} dBTP"
    wanted = f"a mix before mastering stands at {low:g} to {high:g} LUFS with peaks under {rules.MIX_PEAK_DBTP:g} dBTP"
    if said.mix_loudness is Advice.OPTIMAL:
        return f"As a mix, {levels} leave room for mastering: {wanted}."
    if said.mix_loudness is Advice.MORE:
        return f"As a mix it is quiet at {levels}: {wanted}. Turn it up by {low - said.loudness_lufs:.1f} dB or more."
    over = max(said.loudness_lufs - high, said.true_peak_dbtp - rules.MIX_PEAK_DBTP)
    return f"As a mix it is too hot at {levels}: {wanted}. Turn it down by {over:.1f} dB."


def _master_loudness(said: Verdicts) -> str:
    low, apple, _ = rules.MASTER_LUFS
    level = f"{said.loudness_lufs:.1f} LUFS"
    match said.master_loudness:
        case Advice.LESS:
            over = said.loudness_lufs + 14.0
            return f"As a master, {level} is louder than streaming services play: they turn it down by about {over:.1f} dB, and what the limiter took stays lost."
        case Advice.LESS_APPLE:
            return f"As a master, {level} suits services that play at -14 LUFS; Apple's plays at -16 and turns it down."
        case Advice.MORE:
            return f"As a master, {level} is quiet: under {low:g} LUFS it stands behind other tracks where nothing is turned up."
    return f"As a master, {level} is right for streaming: between {low:g} and {apple:g} LUFS no service changes much."


def _compression(found: Findings, advice: Advice, plr_range: tuple[float, float], what: str) -> str:
    low, high = plr_range
    numbers = f"peaks {found.plr_lu:.1f} LU over the loudness, loudness range {found.loudness_range_lu:.1f} LU"
    wanted = f"{low:g} to {high:g} LU is usual for a {what} of this style"
    match advice:
        case Advice.LESS:
            return f"As a {what} it is over-compressed: {numbers}; {wanted}. Use less compression or limiting."
        case Advice.MORE:
            return f"As a {what} it is under-compressed: {numbers}; {wanted}. Some more compression would hold it together."
    return f"As a {what} its dynamics are right: {numbers}; {wanted}."


def _clipping(found: Findings, said: Verdicts) -> str:
    clips = found.clipping
    if said.clipping is ClippingVerdict.NONE:
        return "No flat tops of three samples or more: nothing is clipped."
    first = f"the first at {clips.starts_s[0]:.2f} s" if clips.starts_s else ""
    heard = "seldom heard" if said.clipping is ClippingVerdict.MINOR else "heard as crackle or harshness"
    return (
        f"Clipped at {clips.ceiling_dbfs:.1f} dBFS: {clips.runs} flat tops ({rules.runs_per_minute(found):.0f} a minute, "
        f"{100 * rules.clipped_share(found):.3f} % of the samples), {first}; {heard}. Turn it down before the last limiter, or declip it."
    )


def _stereo_field(found: Findings, said: Verdicts) -> str:
    if silent := found.silent_side:
        sounding = "left" if silent == "right" else "right"
        return f"Only the {sounding} channel sounds; the {silent} one is silent: a cable, a muted track or a mono file in a stereo one. Nothing can be said of the width."
    width, correlation = float(found.width.width_db[0]), float(found.width.correlation[0])
    numbers = f"side {width:.1f} dB against the middle, correlation {correlation:.2f}"
    tell: dict[StereoField, Callable[[], str]] = {
        StereoField.MONO: lambda: (
            "One channel: the track is mono."
            if found.info.channels == 1
            else f"Both sides carry the same: mono ({numbers})."
        ),
        StereoField.STEREO_UPMIX: lambda: (
            f"{found.upmix:.0%} of the side can be made from the middle by a filter or a delay: this stereo was made from mono ({numbers})."
        ),
        StereoField.NARROW: lambda: f"Narrow: {numbers}; from {rules.NARROW_DB:g} dB on it opens up.",
        StereoField.WIDE: lambda: (
            f"Very wide: {numbers}; over {rules.WIDE_DB:g} dB, or under {rules.WIDE_CORRELATION:g}, the middle gets weak."
        ),
        StereoField.BALANCED: lambda: f"A balanced field: {numbers}.",
    }
    leaning = f" It leans to the {'left' if found.balance_db > 0 else 'right'} by {abs(found.balance_db):.1f} dB."
    return tell[said.stereo_field]() + (leaning if abs(found.balance_db) > 1.5 else "")


def _mono(found: Findings, said: Verdicts, octaves: tuple[FieldBand, ...]) -> str:
    worst = max((band for band in octaves if band.low_hz < found.info.rate / 2.0), key=lambda band: band.mono_loss_db)
    numbers = (
        f"on one loudspeaker it changes by {found.mono_change_lu:+.1f} LU, and by {-worst.mono_loss_db:+.1f} dB in the worst octave "
        f"({(worst.low_hz * worst.high_hz) ** 0.5:.0f} Hz)"
    )
    if said.mono_compatible:
        return f"Safe in mono: {numbers}."
    why = f"Nothing cancels: to half of one channel the {found.silent_side} one adds nothing."
    return f"Not safe in mono: {numbers}. {why if found.silent_side else 'Something cancels there.'}"


def _phase(found: Findings, said: Verdicts) -> str:
    shares, low = rules.out_of_phase(found.bands), rules.low_correlation(found)
    numbers = f"correlation below 120 Hz {low:.2f}; above, at most {shares[1:].max():.0%} of the time out of phase in any band"
    if found.silent_side:
        return f"There is no phase between two sides of which the {found.silent_side} one is silent ({numbers})."
    if said.phase_issues:
        return (
            f"Left and right work against each other: {numbers}. Look for a reversed polarity, a delay, or a widener."
        )
    return f"The sides agree: {numbers}."


def _tone(found: Findings, said: Verdicts, tonal: tuple[TonalBand, ...], style: AnalysisStyle) -> str:
    away = [
        f"{_RANGES[band.name]} {getattr(said.tonal_profile, band.name).label.lower()} ({band.level_db - band.target_db:+.1f} dB)"
        for band in tonal
        if band.level_db is not None
    ]
    missing = [_RANGES[band.name] for band in tonal if band.level_db is None]
    ends = f" Not in this file, for it ends at {found.info.rate / 2000:g} kHz: {', '.join(missing)}." if missing else ""
    return f"Against {style.label}: {', '.join(away)}.{ends}"


def _summary(faults: tuple[str, ...]) -> str:
    if not faults:
        return "Nothing stands out: by these measures the track is in order."
    return f"{len(faults)} {'thing' if len(faults) == 1 else 'things'} to look at: {'; '.join(faults)}."
