"""Channel strip settings: parametric EQ, compression, pan and gain, in requests and in answers.

Requests are limited to the published ranges (roex-python 1.6.0); answers may be outside them.

On the wire `attack_ms` and `release_ms` are milliseconds in a request (`compression_settings`) and *seconds* in an answer
(`drc_settings`: 0.074 and 0.022 in the mixing tutorial, and the vendor's DAW example reads them as seconds). In Python both are
milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import Annotated, Any, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tonnbook.models.base import Answer, Request, unit, without_nulls

BANDS = 6


class EqBand(Request):
    """One peaking filter of the six-band EQ."""

    centre_hz: float = Field(1000.0, alias="centre_freq", ge=20, le=20000, title="Centre", json_schema_extra=unit("Hz"))
    gain_db: float = Field(0.0, alias="gain", ge=-20, le=20, title="Gain", json_schema_extra=unit("dB"))
    q: float = Field(1.0, ge=0.1, le=10, title="Q")


class Compression(Request):
    """Downward compressor."""

    threshold_db: float = Field(
        -20.0, alias="threshold", ge=-60, le=0, title="Threshold", json_schema_extra=unit("dBFS")
    )
    ratio: float = Field(2.0, ge=1, le=20, title="Ratio", json_schema_extra=unit(":1"))
    attack_ms: float = Field(15.0, ge=0.1, le=100, title="Attack", json_schema_extra=unit("ms"))
    release_ms: float = Field(120.0, ge=1, le=1000, title="Release", json_schema_extra=unit("ms"))

    @field_validator("attack_ms", "release_ms", mode="wrap")
    @classmethod
    def _explain_seconds(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            if isinstance(value, int | float) and 0 < value < 1:
                given, minimum = f"{value:g}", error.errors()[0]["ctx"]["ge"]
                raise ValueError(
                    f"is {given}; at least {minimum:g} is allowed. Requests have milliseconds, mix_output_settings has seconds: "
                    f"send {1000 * value:g} for {given} s"
                ) from None
            raise


def _bands_from_wire(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    names = [f"band_{n}" for n in range(1, BANDS + 1)]
    return [value[name] for name in names if value.get(name) is not None]


def _bands_to_wire(bands: tuple[Any, ...]) -> dict[str, Any]:
    return {f"band_{n}": band.model_dump(by_alias=True) for n, band in enumerate(bands, start=1)}


def _pan_from_wire(value: Any) -> Any:
    return value.get("panning_angle", 0.0) if isinstance(value, Mapping) else value


class _BandsSchema:
    """Sets the JSON schema of a tuple of bands to its wire form, an object of `band_1` .. `band_6`."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return _bands_schema(handler(core)["items"])


def _bands_schema(band: JsonSchemaValue) -> JsonSchemaValue:
    return {"type": "object", "properties": {f"band_{n}": band for n in range(1, BANDS + 1)}}


def _pan_schema(**limits: float) -> JsonSchemaValue:
    return {"type": "object", "properties": {"panning_angle": {"type": "number", **limits, **unit("degrees")}}}


Eq = Annotated[
    tuple[EqBand, ...],
    Field(max_length=BANDS),
    BeforeValidator(_bands_from_wire),
    _BandsSchema(),
    PlainSerializer(_bands_to_wire, when_used="json"),
]
"""Up to six bands, low to high; on the wire an object of `band_1` .. `band_6`. An empty tuple bypasses the EQ."""

Pan = Annotated[
    float,
    Field(ge=-60, le=60),
    BeforeValidator(_pan_from_wire),
    WithJsonSchema(_pan_schema(minimum=-60, maximum=60)),
    PlainSerializer(lambda angle: {"panning_angle": angle}, when_used="json"),
]
"""Panning angle in degrees, -60 left to +60 right; on the wire an object with `panning_angle`."""


class TrackEffects(Request):
    """The changes to one track in the final mix.

    `gain_db` is added to the preview's gain. The other three *replace* the preview's settings; None keeps the preview's setting;
    `eq=()` removes the EQ.
    """

    gain_db: float = Field(0.0, alias="gainDb", ge=-60, le=12, title="Gain offset", json_schema_extra=unit("dB"))
    pan_deg: Pan | None = Field(None, alias="panning_settings", title="Pan", json_schema_extra=unit("degrees"))
    eq: Eq | None = Field(None, alias="eq_settings", title="EQ")
    compression: Compression | None = Field(None, alias="compression_settings", title="Compression")


class EqBandReading(Answer):
    """One EQ band as a server reports it."""

    centre_hz: float = Field(alias="centre_freq")
    gain_db: float = Field(0.0, alias="gain")
    q: float = 1.0


Band = TypeVar("Band", EqBand, EqBandReading)


def used_bands(bands: Sequence[Band]) -> tuple[Band, ...]:
    """Return the bands up to the last one whose gain is not 0 dB: an answer fills the others up to six."""
    count = max((n for n, band in enumerate(bands, start=1) if band.gain_db), default=0)
    return tuple(bands[:count])


class CompressionReading(Answer):
    """Compressor settings of a mix, times in milliseconds."""

    threshold_db: float = Field(0.0, alias="threshold")
    ratio: float = 1.0
    """1 has no effect."""
    attack_ms: float = 15.0
    release_ms: float = 120.0


_TIMES = ("attack_ms", "release_ms")


def _compression_from_wire(value: Any) -> CompressionReading | None:
    """Return the compressor of a `drc_settings`, whose times are seconds; None where it has no effect."""
    read = CompressionReading.model_validate(without_nulls(value))
    in_ms = {name: round(1000 * getattr(read, name), 6) for name in _TIMES if name in read.model_fields_set}
    return None if read.ratio == 1 else read.model_copy(update=in_ms)


def _compression_to_wire(compression: CompressionReading) -> dict[str, float]:
    in_s = {name: round(getattr(compression, name) / 1000, 9) for name in _TIMES}
    return {**compression.model_dump(by_alias=True), **in_s}


class _GainReading(Answer):
    """A `gain_settings`: the gain in dB, or its two linear factors, or both."""

    gain_db: float | None = None
    initial_gain: float = Field(1.0, gt=0)
    gain_amplitude: float = Field(1.0, gt=0)

    @property
    def decibels(self) -> float:
        """The whole gain in dB."""
        return 20.0 * log10(self.initial_gain * self.gain_amplitude) if self.gain_db is None else self.gain_db


class TrackSettings(Answer):
    """One track's entry of `mix_output_settings`: its settings in the mix.

    On the wire there are always six EQ bands (unused ones at 0 dB), `drc_settings` (ratio 1 where there is no compression, times in
    seconds), a panning angle, and the gain both as `gain_db` and as the product of two linear factors: `initial_gain`, applied to the
    samples before the EQ, and `gain_amplitude`, the fader. The studio's `initial_gain` is 1, so the threshold refers to the level of
    the recording itself.
    """

    gain_db: float = 0.0
    """Gain in dB, applied after EQ and compression."""
    pan_deg: float = 0.0
    """Panning angle in degrees, -60 left to +60 right."""
    eq: tuple[EqBandReading, ...] = ()
    compression: CompressionReading | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_wire(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or not any(str(k).endswith("_settings") for k in value):
            return value
        bands = [EqBandReading.model_validate(band) for band in _bands_from_wire(value.get("eq_settings") or {})]
        return {
            "gain_db": _GainReading.model_validate(without_nulls(value.get("gain_settings") or {})).decibels,
            "pan_deg": (value.get("panning_settings") or {}).get("panning_angle", 0.0),
            "eq": used_bands(bands),
            "compression": _compression_from_wire(value.get("drc_settings") or {}),
        }

    @model_serializer(mode="plain")
    def _to_wire(self) -> dict[str, Any]:
        unused = [EqBandReading(centre_hz=1000.0)] * (BANDS - len(self.eq))
        amplitude = 10.0 ** (self.gain_db / 20.0)
        return {
            "drc_settings": _compression_to_wire(self.compression or CompressionReading()),
            "eq_settings": _bands_to_wire((*self.eq, *unused)),
            "gain_settings": {"gain_amplitude": amplitude, "gain_db": self.gain_db, "initial_gain": 1.0},
            "panning_settings": {"panning_angle": self.pan_deg},
        }

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema of the wire form."""
        properties = {
            "drc_settings": _numbers_schema(threshold="dBFS", ratio=":1", attack_ms="s", release_ms="s"),
            "eq_settings": _bands_schema(handler(EqBandReading.__pydantic_core_schema__)),
            "gain_settings": _numbers_schema(gain_db="dB", initial_gain="linear", gain_amplitude="linear"),
            "panning_settings": _pan_schema(),
        }
        return {"type": "object", "title": cls.__name__, "description": cls.__doc__, "properties": properties}


def _numbers_schema(**units: str) -> JsonSchemaValue:
    return {"type": "object", "properties": {name: {"type": "number", **unit(word)} for name, word in units.items()}}
