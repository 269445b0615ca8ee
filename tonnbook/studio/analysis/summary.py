"""Write the sentences of an analysis: the findings in numbers, and what to do about them."""

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
    findings: Findings,
    verdicts: Verdicts,
    tonal: tuple[TonalBand, ...],
    octaves: tuple[FieldBand, ...],
    style: AnalysisStyle,
    *,
    is_master: bool,
) -> Mapping[str, str]:
    """Return the sentences of an analysis by heading."""
    faults = problems(verdicts, is_master=is_master, silent_side=findings.silent_side)
    return {
        "intro": _intro(findings, verdicts, style, is_master),
        "mix_loudness": _mix_loudness(verdicts),
        "master_loudness": _master_loudness(verdicts),
        "mix_drc": _compression(findings, verdicts.mix_drc, plr_range_lu(style, is_master=False), "mix"),
        "master_drc": _compression(findings, verdicts.master_drc, plr_range_lu(style, is_master=True), "master"),
        "clipping": _clipping(findings, verdicts),
        "stereo_field": _stereo_field(findings, verdicts),
        "mono_compatibility": _mono(findings, verdicts, octaves),
        "phase_issues": _phase(findings, verdicts),
        "tonal_profile": _tone(findings, verdicts, tonal, style),
        "summary": _summary(faults),
        "outro": "Measured by the tonnbook local studio: figures and thresholds, not taste. Listen before you change anything.",
    }


def problems(verdicts: Verdicts, *, is_master: bool, silent_side: str = "") -> tuple[str, ...]:
    """Return the problems of a mix or a master, in a few words each.

    A silent channel is reported as such; the verdicts on width, phase and mono that follow from it are left out.
    """
    loudness, drc = (
        (verdicts.master_loudness, verdicts.master_drc) if is_master else (verdicts.mix_loudness, verdicts.mix_drc)
    )
    tones = {name: getattr(verdicts.tonal_profile, name) for name in _RANGES}
    checks = {
        f"its loudness ({loudness.label.lower()})": loudness not in (Advice.OPTIMAL, Advice.LESS_APPLE),
        f"its compression ({drc.label.lower()})": drc is not Advice.OPTIMAL,
        f"clipping ({verdicts.clipping.label.lower()})": verdicts.clipping is not ClippingVerdict.NONE,
        f"the {silent_side} channel, which is silent": bool(silent_side),
        f"its width ({verdicts.stereo_field.label.lower()})": not (
            silent_side or verdicts.stereo_field is StereoField.BALANCED
        ),
        "the phase between left and right": verdicts.phase_issues and not silent_side,
        "the loss in mono": not (verdicts.mono_compatible or silent_side),
        **{f"{_RANGES[name]} ({level.label.lower()})": level is not TonalLevel.MEDIUM for name, level in tones.items()},
    }
    return tuple(words for words, wrong in checks.items() if wrong)


def _intro(findings: Findings, verdicts: Verdicts, style: AnalysisStyle, is_master: bool) -> str:
    minutes, seconds = divmod(round(findings.info.seconds), 60)
    what = "master" if is_master else "mix"
    sides = "stereo" if findings.info.channels == 2 else "mono"
    depth = f"{verdicts.bit_depth} bit" if verdicts.bit_depth else "lossy"
    return (
        f"A {sides} {what} of {minutes} min {seconds} s, {verdicts.sample_rate / 1000:g} kHz, {depth}, measured against {style.label}: "
        f"{verdicts.loudness_lufs:.1f} LUFS, true peak {verdicts.true_peak_dbtp:.1f} dBTP."
    )


def _mix_loudness(verdicts: Verdicts) -> str:
    low, high = rules.MIX_LUFS
    levels = f"{verdicts.loudness_lufs:.1f} LUFS and {verdicts.true_peak_dbtp:.1f} dBTP"
    usual = f"a mix before mastering has {low:g} to {high:g} LUFS with peaks below {rules.MIX_PEAK_DBTP:g} dBTP"
    if verdicts.mix_loudness is Advice.OPTIMAL:
        return f"As a mix, {levels} leave room for mastering: {usual}."
    if verdicts.mix_loudness is Advice.MORE:
        return (
            f"As a mix it is quiet at {levels}: {usual}. Turn it up by {low - verdicts.loudness_lufs:.1f} dB or more."
        )
    over = max(verdicts.loudness_lufs - high, verdicts.true_peak_dbtp - rules.MIX_PEAK_DBTP)
    return f"As a mix it is too loud at {levels}: {usual}. Turn it down by {over:.1f} dB."


def _master_loudness(verdicts: Verdicts) -> str:
    low, apple, _ = rules.MASTER_LUFS
    level = f"{verdicts.loudness_lufs:.1f} LUFS"
    match verdicts.master_loudness:
        case Advice.LESS:
            over = verdicts.loudness_lufs + 14.0
            return f"As a master, {level} is louder than streaming services play: they turn it down by about {over:.1f} dB, and the dynamics that the limiter removed stay lost."
        case Advice.LESS_APPLE:
            return f"As a master, {level} suits services that play at -14 LUFS; Apple Music plays at -16 and turns it down."
        case Advice.MORE:
            return f"As a master, {level} is quiet: below {low:g} LUFS it is quieter than other tracks on services that turn nothing up."
    return f"As a master, {level} is right for streaming: between {low:g} and {apple:g} LUFS no service changes much."


def _compression(findings: Findings, advice: Advice, plr_range: tuple[float, float], what: str) -> str:
    low, high = plr_range
    numbers = f"peaks {findings.plr_lu:.1f} LU above the loudness, loudness range {findings.loudness_range_lu:.1f} LU"
    usual = f"{low:g} to {high:g} LU is usual for a {what} of this style"
    match advice:
        case Advice.LESS:
            return f"As a {what} it is over-compressed: {numbers}; {usual}. Use less compression or limiting."
        case Advice.MORE:
            return f"As a {what} it is under-compressed: {numbers}; {usual}. Use more compression."
    return f"As a {what} its dynamics are right: {numbers}; {usual}."


def _clipping(findings: Findings, verdicts: Verdicts) -> str:
    clips = findings.clipping
    if verdicts.clipping is ClippingVerdict.NONE:
        return "No flat tops of three samples or more: nothing is clipped."
    first = f"the first at {clips.starts_s[0]:.2f} s" if clips.starts_s else ""
    effect = "rarely audible" if verdicts.clipping is ClippingVerdict.MINOR else "audible as crackle or harshness"
    return (
        f"Clipped at {clips.ceiling_dbfs:.1f} dBFS: {clips.runs} flat tops ({rules.runs_per_minute(findings):.0f} a minute, "
        f"{100 * rules.clipped_share(findings):.3f} % of the samples), {first}; {effect}. Turn it down before the last limiter, or declip it."
    )


def _stereo_field(findings: Findings, verdicts: Verdicts) -> str:
    if silent := findings.silent_side:
        sounding = "left" if silent == "right" else "right"
        return (
            f"Only the {sounding} channel has a signal; the {silent} one is silent: a bad cable, a muted track or a mono file in a stereo "
            "one. The width cannot be measured."
        )
    width, correlation = float(findings.width.width_db[0]), float(findings.width.correlation[0])
    numbers = f"side {width:.1f} dB relative to the middle, correlation {correlation:.2f}"
    texts: dict[StereoField, Callable[[], str]] = {
        StereoField.MONO: lambda: (
            "One channel: the track is mono."
            if findings.info.channels == 1
            else f"Left and right are the same: mono ({numbers})."
        ),
        StereoField.STEREO_UPMIX: lambda: (
            f"A filter or a delay can derive {findings.upmix:.0%} of the side from the middle: this stereo was made from mono ({numbers})."
        ),
        StereoField.NARROW: lambda: f"Narrow: {numbers}; a balanced side is above {rules.NARROW_DB:g} dB.",
        StereoField.WIDE: lambda: (
            f"Very wide: {numbers}; above {rules.WIDE_DB:g} dB, or below {rules.WIDE_CORRELATION:g}, the middle becomes weak."
        ),
        StereoField.BALANCED: lambda: f"A balanced stereo field: {numbers}.",
    }
    leaning = f" It leans to the {'left' if findings.balance_db > 0 else 'right'} by {abs(findings.balance_db):.1f} dB."
    return texts[verdicts.stereo_field]() + (leaning if abs(findings.balance_db) > 1.5 else "")


def _mono(findings: Findings, verdicts: Verdicts, octaves: tuple[FieldBand, ...]) -> str:
    worst = max(
        (band for band in octaves if band.low_hz < findings.info.rate / 2.0), key=lambda band: band.mono_loss_db
    )
    numbers = (
        f"in mono its loudness changes by {findings.mono_change_lu:+.1f} LU, and by {-worst.mono_loss_db:+.1f} dB in the worst octave "
        f"({(worst.low_hz * worst.high_hz) ** 0.5:.0f} Hz)"
    )
    if verdicts.mono_compatible:
        return f"Safe in mono: {numbers}."
    why = f"Nothing cancels: mono is half of one channel, as the {findings.silent_side} one adds nothing."
    return f"Not safe in mono: {numbers}. {why if findings.silent_side else 'Left and right cancel there.'}"


def _phase(findings: Findings, verdicts: Verdicts) -> str:
    shares, low = rules.out_of_phase(findings.bands), rules.low_correlation(findings)
    numbers = f"correlation below 120 Hz {low:.2f}; higher bands out of phase up to {shares[1:].max():.0%} of the time"
    if findings.silent_side:
        return f"The phase between left and right cannot be measured, as the {findings.silent_side} one is silent ({numbers})."
    if verdicts.phase_issues:
        return (
            f"Left and right work against each other: {numbers}. Look for a reversed polarity, a delay, or a widener."
        )
    return f"Left and right are in phase: {numbers}."


def _tone(findings: Findings, verdicts: Verdicts, tonal: tuple[TonalBand, ...], style: AnalysisStyle) -> str:
    away = [
        f"{_RANGES[band.name]} {getattr(verdicts.tonal_profile, band.name).label.lower()} ({band.level_db - band.target_db:+.1f} dB)"
        for band in tonal
        if band.level_db is not None
    ]
    missing = [_RANGES[band.name] for band in tonal if band.level_db is None]
    ends = (
        f" Not in this file, which ends at {findings.info.rate / 2000:g} kHz: {', '.join(missing)}." if missing else ""
    )
    return f"Against {style.label}: {', '.join(away)}.{ends}"


def _summary(faults: tuple[str, ...]) -> str:
    if not faults:
        return "No problems: by these measures the track is in order."
    return f"{len(faults)} {'thing' if len(faults) == 1 else 'things'} to check: {'; '.join(faults)}."
