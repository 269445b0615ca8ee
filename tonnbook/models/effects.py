"""Channel strip settings: parametric EQ, compression, pan and gain, in requests and in answers.

Requests are limited to the published ranges (roex-python 1.6.0). Answers may be outside them: that of the mixing tutorial has
`attack_ms` 0.074.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tonnbook.models.base import Answer, Request, unit


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


def _bands_from_wire(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    names = [f"band_{n}" for n in range(1, 7)]
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
    return {"type": "object", "properties": {f"band_{n}": band for n in range(1, 7)}}


def _pan_schema(**limits: float) -> JsonSchemaValue:
    return {"type": "object", "properties": {"panning_angle": {"type": "number", **limits, **unit("degrees")}}}


Eq = Annotated[
    tuple[EqBand, ...],
    Field(max_length=6),
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


class CompressionReading(Answer):
    """Compressor settings as a server reports them; a ratio of 1 has no effect."""

    threshold_db: float = Field(0.0, alias="threshold")
    ratio: float = 1.0
    attack_ms: float = 15.0
    release_ms: float = 120.0


class TrackSettings(Answer):
    """One track's entry of `mix_output_settings`: its settings in the mix."""

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
        return {
            "gain_db": (value.get("gain_settings") or {}).get("gain_db", 0.0),
            "pan_deg": (value.get("panning_settings") or {}).get("panning_angle", 0.0),
            "eq": _bands_from_wire(value.get("eq_settings") or {}),
            "compression": value.get("drc_settings") or value.get("compression_settings") or None,
        }

    @model_serializer(mode="plain")
    def _to_wire(self) -> dict[str, Any]:
        return {
            "drc_settings": self.compression.model_dump(by_alias=True) if self.compression else {},
            "eq_settings": _bands_to_wire(self.eq),
            "gain_settings": {"gain_db": self.gain_db},
            "panning_settings": {"panning_angle": self.pan_deg},
        }

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema of the wire form."""
        properties = {
            "drc_settings": handler(CompressionReading.__pydantic_core_schema__),
            "eq_settings": _bands_schema(handler(EqBandReading.__pydantic_core_schema__)),
            "gain_settings": {"type": "object", "properties": {"gain_db": {"type": "number", **unit("dB")}}},
            "panning_settings": _pan_schema(),
        }
        return {"type": "object", "title": cls.__name__, "description": cls.__doc__, "properties": properties}
