"""The calls of the Beatoven service: v2, the newer v1 (one prompt, one file), and the older v1 paths with the bodies of v2.

States are sent in upper case, as in the document's example and the vendor's own client.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from tonnbook.models.base import without_nulls
from tonnbook.models.beatoven_wire import (
    DirectRequest,
    DirectStarted,
    DirectTask,
    TaskStarted,
    TaskStatus,
    TrackCreated,
    TrackList,
    TrackListed,
    TrackUrls,
)
from tonnbook.models.composition import OPTIONS, CompositionOptions, CompositionRequest
from tonnbook.models.composition_resolved import with_changes
from tonnbook.models.composition_words import AudioFormat
from tonnbook.models.problems import explain
from tonnbook.studio.composition.service import CompositionService, Track
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.server.access import require_token
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import parse, read, read_json
from tonnbook.studio.server.responses import json_response
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["composition"], dependencies=[Depends(require_token)])


# --- options, tracks, composing


async def composition_params(request: Request) -> JSONResponse:
    """Genres, emotions, tempos, and the combinations that are refused. `tonnbook` lists the fields of a request that this studio
    accepts beyond Beatoven's document."""
    return json_response(OPTIONS.model_copy(update={"extras": ("seed",)}))


async def create_track(request: Request) -> JSONResponse:
    """A prompt, or genre, tempo, duration and sections. Nothing is composed until /compose is called."""
    track = _service(request).create(await read(request, CompositionRequest))
    return json_response(TrackCreated(uuid=track.id, track=track.record()))


async def create_track_v1(request: Request) -> JSONResponse:
    """As in v2, or with the prompt of the newer v1: `{"text": ...}`. Nothing is composed until /compose is called."""
    body = await read_json(request)
    if isinstance(body, dict) and isinstance(body.get("prompt"), dict):
        order = CompositionRequest(prompt=parse(request, body, DirectRequest).prompt.text)
    else:
        order = parse(request, body, CompositionRequest)
    track = _service(request).create(order)
    return json_response(TrackCreated(uuid=track.id, track=track.record(), tracks=(track.id,)))


async def list_tracks(request: Request) -> JSONResponse:
    """All tracks of this studio, oldest first."""
    tracks = _service(request).tracks
    listed = (TrackListed(title=t.title, project_id=t.id, uuid=t.id, track=t.record()) for t in tracks)
    return json_response(TrackList(tracks=tuple(listed)))


async def compose_track(request: Request, track_id: str) -> JSONResponse:
    """Compose the track with the parameters it was created with, or with new ones. Each call makes a new version; older ones stay."""
    service = _service(request)
    track = service.track(track_id)
    task_id = service.start(track, await _new_parameters(request, track))
    return json_response(TaskStarted(task_id=task_id))


async def start_instruments(request: Request, track_id: str) -> JSONResponse:
    """Start a task that makes the stems of a version, section by section: of `version`, by default of the newest that is composed."""
    service = _service(request)
    track = service.track(track_id)
    task_id = service.start_stems(track, await _requested_version(request))
    return json_response(TaskStarted(task_id=task_id))


async def get_track(request: Request, track_id: str) -> JSONResponse:
    """The links of `version`, by default of the newest that is composed; `instrument_urls` is empty until its stems have been made."""
    service = _service(request)
    version = service.track(track_id).version(await _requested_version(request))
    return json_response(service.track_urls(version))


async def get_status(request: Request, task_id: str) -> JSONResponse:
    """PENDING, PROGRESS with a percentage, SUCCESS with links, or FAILURE with the reason."""
    service = _service(request)
    return json_response(service.status(service.find_order(task_id)))


# --- the newer v1


async def compose_direct(request: Request) -> JSONResponse:
    """One prompt in, one file out, with its stems; WAV by default. `looping` gives whole bars without an ending."""
    direct = await _direct_request(request)
    track = _service(request).create(CompositionRequest(prompt=direct.prompt.text))
    return _start_direct(request, track, direct)


async def compose_created(request: Request, track_id: str) -> JSONResponse:
    """Compose a track that POST /api/v1/tracks has created, as an earlier version of the vendor's example does: from the prompt of
    this call, into one file with its stems."""
    track = _service(request).track(track_id)
    return _start_direct(request, track, await _direct_request(request))


async def get_direct(request: Request, task_id: str) -> JSONResponse:
    """composing, composed or failed. The document also lists running, which the vendor's example takes for the end; it is not sent."""
    service = _service(request)
    return json_response(service.direct_status(service.find_order(task_id)))


# --- reading requests


def _service(request: Request) -> CompositionService:
    return server_state(request).composition


async def _direct_request(request: Request) -> DirectRequest:
    direct = await read(request, DirectRequest)
    if direct.format is AudioFormat.AAC:
        raise HttpError(
            400,
            'format: is "aac", which only the live service writes; the studio writes "wav" and "mp3"',
        )
    return direct


def _start_direct(request: Request, track: Track, direct: DirectRequest) -> JSONResponse:
    order = CompositionRequest(prompt=direct.prompt.text)
    task_id = _service(request).start(track, order, direct.format, direct.looping, whole_stems=True)
    return json_response(DirectStarted(task_id=task_id))


async def _new_parameters(request: Request, track: Track) -> CompositionRequest | None:
    """Return the track's parameters with those of the body in their place; None for an empty body. Raises HttpError 400."""
    body = await _json_object(request)
    if not body:
        return None
    try:
        return with_changes(track.request, body)
    except ValidationError as error:
        raise HttpError(400, explain(error)) from None


async def _requested_version(request: Request) -> int | None:
    """Return the version that the query or the body names, None for neither; raises HttpError 400."""
    version = request.query_params.get("version") or (await _json_object(request)).get("version")
    if version is None:
        return None
    if isinstance(version, str | int) and str(version).isdecimal():
        return int(version)
    raise HttpError(400, "version: is not a whole number")


async def _json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body without its nulls; an empty body is an empty object. Raises HttpError 400 or 413."""
    body = await read_json(request, empty=b"{}")
    if not isinstance(body, dict):
        raise HttpError(400, "the body is not a JSON object")
    found: dict[str, Any] = without_nulls(body)
    return found


# --- paths

_TRACK = operation(
    "Create a track", TrackCreated, body=CompositionRequest, example={"prompt": "30 seconds of peaceful lo-fi"}
)
_COMPOSE = operation("Compose a new version of a track", TaskStarted, 404, 429, 500, 507)
_FETCH = operation("Get the links of a composed track", TrackUrls, 404, 500)
_STATUS = operation("Get the state of a task", TaskStatus, 404, 500)

for base, create in (("/api/v2", create_track), ("/api/v1", create_track_v1)):
    router.add_api_route(f"{base}/tracks", create, methods=["POST"], **_TRACK)
    router.add_api_route(f"{base}/tracks/{{track_id}}", get_track, methods=["GET"], **_FETCH)
    router.add_api_route(f"{base}/tracks/{{track_id}}/compose", compose_track, methods=["POST"], **_COMPOSE)
    router.add_api_route(f"{base}/status/{{task_id}}", get_status, methods=["GET"], **_STATUS)

router.add_api_route("/api/v1/tracks", list_tracks, methods=["GET"], **operation("List all tracks", TrackList))
router.add_api_route(
    "/api/v2/composition_params",
    composition_params,
    methods=["GET"],
    **operation("Get the options and the combinations that are blocked", CompositionOptions),
)
router.add_api_route(
    "/api/v2/tracks/{track_id}/instrument_urls",
    start_instruments,
    methods=["POST"],
    **operation("Start making the stems of each section", TaskStarted, 404, 429, 500, 507),
)
router.add_api_route(
    "/api/v1/tracks/compose",
    compose_direct,
    methods=["POST"],
    **operation(
        "Compose from a prompt (newer v1)",
        DirectStarted,
        *(429, 507),
        body=DirectRequest,
        example={"prompt": {"text": "30 seconds of peaceful lo-fi"}, "format": "mp3", "looping": False},
    ),
)
router.add_api_route(
    "/api/v1/tracks/compose/{track_id}",
    compose_created,
    methods=["POST"],
    **operation(
        "Compose a created track from a prompt (v1)",
        DirectStarted,
        *(404, 429, 507),
        body=DirectRequest,
        example={"prompt": {"text": "30 seconds of peaceful lo-fi"}},
    ),
)
router.add_api_route(
    "/api/v1/tasks/{task_id}",
    get_direct,
    methods=["GET"],
    **operation("Get the state of a task (newer v1)", DirectTask, 404, 500),
)
