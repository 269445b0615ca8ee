"""Convert the settings of one track between the preview, the changes of a final mix, and the values that the page edits.

The page and Python share one value per track: only what differs from the preview. `gain_db` is the offset to the preview, `pan_deg` an
angle, `eq` a list of [centre in Hz, gain in dB, Q], `compression` [threshold in dBFS, ratio, attack in ms, release in ms], `muted` true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import isclose
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from tonnbook.models.effects import Compression, CompressionReading, EqBand, EqBandReading, TrackEffects, TrackSettings
from tonnbook.models.mixing import TrackNotes
from tonnbook.models.problems import explain
from tonnbook.widgets.console.presets import COMPRESSION_PRESETS, EQ_PRESETS
from tonnbook.widgets.forms.form_values import check_field_names

P = TypeVar("P")
Value: TypeAlias = dict[str, Any]
"""The changes to one track as the page edits them."""

MUTED_DB = -60.0
"""Gain offset of a muted track: the lowest that a final mix takes."""

COMPRESSION = ("threshold_db", "ratio", "attack_ms", "release_ms")
"""Fields of a compressor in the order of its value."""

FIELDS = ("gain_db", "pan_deg", "eq", "compression", "muted")
_OFF = [-20.0, 1.0, 15.0, 120.0]


def base_value(settings: TrackSettings) -> Value:
    """Return the preview's settings of a track as the page shows them, within the ranges of a request."""
    return {
        "gain_db": settings.gain_db,
        "pan_deg": _within(TrackEffects, "pan_deg", settings.pan_deg),
        "eq": [_band_value(band) for band in settings.eq],
        "compression": _compression_value(settings.compression) if settings.compression else _OFF,
    }


def reasons_of(notes: TrackNotes | None) -> dict[str, str]:
    """Return the reasons of a track's settings by setting: "gain", "eq.band_1", ...; empty without notes."""
    return {reason.setting: reason.text for reason in notes.reasons} if notes else {}


def value_of(effects: TrackEffects, base: Value) -> Value:
    """Return the changes of a track as the page edits them."""
    value: Value = {"gain_db": effects.gain_db}
    if effects.pan_deg is not None:
        value["pan_deg"] = effects.pan_deg
    if effects.eq is not None:
        value["eq"] = [_band_value(band) for band in effects.eq]
    if effects.compression is not None:
        value["compression"] = _compression_value(effects.compression)
    return only_changes(value, base)


def only_changes(value: Mapping[str, Any], base: Value) -> Value:
    """Return a value without what is as in the preview."""
    same = {"gain_db": 0.0, "muted": False} | {name: base[name] for name in ("pan_deg", "eq", "compression")}
    changed = {name: each for name, each in value.items() if each is not None and not _equal(name, each, same[name])}
    return {name: changed[name] for name in FIELDS if name in changed}


def effects_of(value: Value, where: str) -> TrackEffects:
    """Return the changes of a track for the final mix. Raises ValueError that names the track, the field and what is allowed."""
    fields: dict[str, Any] = {name: value[name] for name in ("gain_db", "pan_deg") if name in value}
    if value.get("muted"):
        fields["gain_db"] = MUTED_DB
    try:
        if "eq" in value:
            bands = ({"centre_hz": hz, "gain_db": db, "q": q} for hz, db, q in value["eq"])
            fields["eq"] = tuple(EqBand.model_validate(band) for band in bands)
        if "compression" in value:
            fields["compression"] = Compression.model_validate(
                dict(zip(COMPRESSION, value["compression"], strict=True))
            )
        return TrackEffects(**fields)
    except ValidationError as error:
        raise ValueError(f"{where}: {explain(error)}") from None


def fields_from_code(fields: Mapping[str, Any], base: Value, where: str) -> Value:
    """Return the arguments of `Console.set` as values of the page; None stands for the preview's setting.

    Raises TypeError for an unknown field, ValueError for a value that is not allowed.
    """
    check_field_names(fields, (*FIELDS, "soloed"), "Console.set")
    value: Value = {}
    for name, given in fields.items():
        if given is None:
            value[name] = None
        elif name == "eq":
            value[name] = [_band_value(band) for band in _bands(given, where)]
        elif name == "compression":
            value[name] = _compression_value(_compressor(given, base, where))
        elif name == "muted":
            value[name] = bool(given)
        else:
            value[name] = given
    effects_of({name: each for name, each in value.items() if each is not None}, where)
    return {
        name: float(each) if name in ("gain_db", "pan_deg") and each is not None else each
        for name, each in value.items()
    }


def _bands(given: Any, where: str) -> Sequence[EqBand]:
    """Return bands given by a preset's name, as EqBand, as mappings, or as (centre_hz, gain_db, q)."""
    if isinstance(given, str):
        return _preset(EQ_PRESETS, given, f"{where}: eq")
    try:
        bands = [
            dict(zip(("centre_hz", "gain_db", "q"), band, strict=True)) if isinstance(band, tuple | list) else band
            for band in given
        ]
        return TrackEffects(eq=bands).eq or ()  # type: ignore[arg-type]  # mappings are validated to bands
    except ValidationError as error:
        raise ValueError(f"{where}: {explain(error)}") from None
    except (TypeError, ValueError):
        raise ValueError(
            f"{where}: eq is {given!r}; pass up to six tb.EqBand or (centre_hz, gain_db, q), or one of {', '.join(EQ_PRESETS)}"
        ) from None


def _compressor(given: Any, base: Value, where: str) -> Compression:
    """Return a compressor given by a preset's name, as Compression, or as a mapping that changes some of the preview's values."""
    if isinstance(given, str):
        return _preset(COMPRESSION_PRESETS, given, f"{where}: compression")
    if isinstance(given, Compression):
        return given
    if not isinstance(given, Mapping):
        raise ValueError(
            f"{where}: compression is {given!r}; pass tb.Compression, a mapping, or one of {', '.join(COMPRESSION_PRESETS)}"
        )
    try:
        return Compression.model_validate(dict(zip(COMPRESSION, base["compression"], strict=True)) | dict(given))
    except ValidationError as error:
        raise ValueError(f"{where}: compression.{explain(error)}") from None


def _preset(presets: Mapping[str, P], name: str, where: str) -> P:
    if name not in presets:
        raise ValueError(f"{where} is {name!r}; the presets are {', '.join(presets)}")
    return presets[name]


def _band_value(band: EqBand | EqBandReading) -> list[float]:
    return [_within(EqBand, name, getattr(band, name)) for name in ("centre_hz", "gain_db", "q")]


def _compression_value(compression: Compression | CompressionReading) -> list[float]:
    return [_within(Compression, name, getattr(compression, name)) for name in COMPRESSION]


def _within(model: type[EqBand] | type[Compression] | type[TrackEffects], name: str, value: float) -> float:
    """Return a value within the range of a request's field: an answer may be outside it."""
    low, high = limits(model, name)
    return min(max(float(value), low), high)


@cache
def limits(model: type[EqBand] | type[Compression] | type[TrackEffects], name: str) -> tuple[float, float]:
    """Return the range of a number in a request."""
    rules = model.model_json_schema(by_alias=False)["properties"][name]
    if "anyOf" in rules:
        rules = rules["anyOf"][0]["properties"]["panning_angle"]
    return float(rules["minimum"]), float(rules["maximum"])


def ranges() -> dict[str, Any]:
    """Return the ranges of all numbers, as the page needs them."""
    return {
        "gain_db": limits(TrackEffects, "gain_db"),
        "pan_deg": limits(TrackEffects, "pan_deg"),
        "eq": [limits(EqBand, name) for name in ("centre_hz", "gain_db", "q")],
        "compression": [limits(Compression, n) for n in COMPRESSION],
    }


def _equal(name: str, a: Any, b: Any) -> bool:
    if name == "muted":
        return bool(a) == bool(b)
    if name == "compression" and a[1] == b[1] == 1.0:
        return True  # off, whatever the other values
    if name == "eq":
        flat = [[number for band in bands if band[1] for number in band] for bands in (a, b)]
        return len(flat[0]) == len(flat[1]) and all(map(_close, *flat))
    return all(map(_close, a, b)) if isinstance(a, list) else _close(a, b)


def _close(a: float, b: float) -> bool:
    return isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)
