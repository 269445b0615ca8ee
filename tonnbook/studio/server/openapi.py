"""The OpenAPI document: request envelopes and answers as the models have them, with units, ranges and allowed values.

The routes read their bodies themselves (nulls, unknown fields and messages are ours), so FastAPI cannot see the request
models; they are put into the document here.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from tonnbook.models.analysis import AnalysisRequest
from tonnbook.models.base import Answer, Request
from tonnbook.models.beatoven_wire import DirectRequest
from tonnbook.models.cleanup import CleanupRequest
from tonnbook.models.composition import CompositionRequest
from tonnbook.models.enhancement import EnhancementQuery, EnhancementRequest
from tonnbook.models.mastering import MasteringRequest, MasterQuery
from tonnbook.models.mixing import FinalMixRequest, MixRequest, PreviewMixQuery, Processing
from tonnbook.models.recombination import RecombinationQuery, RecombinationRequest
from tonnbook.models.separation import SeparationRequest, StemsQuery
from tonnbook.models.upload import UploadRequest
from tonnbook.studio.runtime.http_error import ErrorBody

REQUESTS: tuple[type[Request], ...] = (
    UploadRequest,
    MixRequest,
    PreviewMixQuery,
    FinalMixRequest,
    AnalysisRequest,
    CleanupRequest,
)
REQUESTS += (EnhancementRequest, EnhancementQuery, SeparationRequest, StemsQuery)
REQUESTS += (RecombinationRequest, RecombinationQuery)
REQUESTS += (MasteringRequest, MasterQuery, CompositionRequest, DirectRequest)

_SCHEMAS = "#/components/schemas/"

_LINK = "http://127.0.0.1:8765/files/…"

EXAMPLES: dict[type[Request], dict[str, Any]] = {
    UploadRequest: {"filename": "vocal.wav", "contentType": "audio/wav"},
    MixRequest: {
        "trackData": [
            {"trackURL": f"{_LINK}/vocal.wav", "instrumentGroup": "VOCAL_GROUP", "presenceSetting": "LEAD"},
            {"trackURL": f"{_LINK}/bass.wav", "instrumentGroup": "BASS_GROUP"},
        ],
        "musicalStyle": "POP",
    },
    PreviewMixQuery: {"multitrackTaskId": "…", "retrieveFXSettings": True},
    MasteringRequest: {
        "trackData": [{"trackURL": f"{_LINK}/song.wav"}],
        "musicalStyle": "POP",
        "desiredLoudness": "MEDIUM",
    },
    MasterQuery: {"masteringTaskId": "…"},
    CompositionRequest: {"prompt": "30 seconds of peaceful lo-fi"},
    DirectRequest: {"prompt": {"text": "30 seconds of peaceful lo-fi"}, "format": "mp3", "looping": False},
    EnhancementRequest: {"audioFileLocation": f"{_LINK}/mix.wav", "musicalStyle": "POP", "fixClippingIssues": True},
    SeparationRequest: {"audioFileLocation": f"{_LINK}/mix.wav", "separationMode": "all_stems"},
    RecombinationRequest: {"musicalStyle": "POP", "stemJobId": "sf_…", "vocalGainDb": 1.5},
    RecombinationQuery: {"recombineTaskId": "rc_…"},
    StemsQuery: {"stemflowTaskId": "sf_…"},
    EnhancementQuery: {"mixReviveTaskId": "…"},
    CleanupRequest: {"audioFileLocation": f"{_LINK}/vocal.wav", "soundSource": "VOCAL_GROUP"},
    AnalysisRequest: {"audioFileLocation": f"{_LINK}/mix.wav", "musicalStyle": "POP", "isMaster": False},
    FinalMixRequest: {"multitrackTaskId": "…", "trackData": [{"trackURL": f"{_LINK}/vocal.wav", "gainDb": -1.5}]},
}


def described(
    summary: str,
    answer: type[Answer],
    body: type[Request] | None = None,
    *,
    waits: bool = False,
    task: bool = False,
    busy: bool = False,
) -> dict[str, Any]:
    """Return what FastAPI is told of a call: its words, its body, and each status it may answer with."""
    wrong = [401, *([400, 413] if body else []), *([404, 500] if task else []), *([429, 507] if busy else [])]
    return {
        "summary": summary,
        "response_model": None,
        "responses": {
            200: {"model": answer, "description": "Done"},
            **({202: {"model": Processing, "description": "Still working"}} if waits else {}),
            **{status: {"model": ErrorBody, "description": _MEANINGS[status]} for status in sorted(wrong)},
        },
        "openapi_extra": {"requestBody": _request_body(body)} if body else {},
    }


_MEANINGS = {
    400: "The request is at fault; the message names the field",
    401: "The key is missing or wrong",
    404: "Unknown task, or its files had to make room",
    413: "The body is too large",
    429: "Too many tasks are waiting",
    500: "The task failed; the message says why",
    507: "The studio's folder is full",
}


def _request_body(model: type[Request]) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": _SCHEMAS + model.__name__}
    example = EXAMPLES[model]
    if model.envelope:
        schema = {"type": "object", "required": [model.envelope], "properties": {model.envelope: schema}}
        example = {model.envelope: example}
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the whole document of `app`."""
    made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _, ours = models_json_schema([(model, "validation") for model in REQUESTS], ref_template=_SCHEMAS + "{model}")
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(ours["$defs"])
    _spell_as_on_the_wire(schemas)
    for name in ours["$defs"]:
        schemas[name].pop("additionalProperties", None)  # a server ignores what it does not know
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for call in (call for methods in made["paths"].values() for call in methods.values()):
        call["responses"].pop("422", None)  # ours is 400
    return made


def _spell_as_on_the_wire(schemas: dict[str, Any]) -> None:
    """Describe as they travel what the models hold in a plainer form: pan, EQ, sample rate, and the settings that are read."""
    track = schemas["FinalMixTrack"]["properties"]
    bands, angle = _filled(track["eq_settings"]), _filled(track["panning_settings"])
    names = [f"band_{n}" for n in range(1, bands["maxItems"] + 1)]
    track["eq_settings"] = _object(
        "EQ, low to high; an empty object takes it out", dict.fromkeys(names, bands["items"])
    )
    track["panning_settings"] = _object("Pan", {"panning_angle": {**angle, "unit": "degrees"}})
    reading = {"$ref": _SCHEMAS + "EqBandReading"}
    schemas["TrackSettings"] |= _object(
        "What the mix did to a track",
        {
            "drc_settings": {"$ref": _SCHEMAS + "CompressionReading"},
            "eq_settings": _object("EQ", dict.fromkeys(names, reading)),
            "gain_settings": _object("Gain", {"gain_db": {"type": "number", "unit": "dB"}}),
            "panning_settings": _object("Pan", {"panning_angle": {"type": "number", "unit": "degrees"}}),
        },
    )
    rates = schemas["SampleRate"]["enum"]
    schemas["SampleRate"] |= {"type": ["string", "integer"], "enum": [*map(str, rates), *rates]}


def _filled(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the alternative of an optional field that is not null."""
    found: dict[str, Any] = next(choice for choice in schema["anyOf"] if choice.get("type") != "null")
    return found


def _object(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "properties": properties}
