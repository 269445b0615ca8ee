"""The calls of the Beatoven service: v2, the newer v1 (one prompt, one file), and the older v1 paths with the shapes of v2.

States travel in upper case, as the document's example and the vendor's own client have them. The key comes as
`Authorization: api_key …`, as `Authorization: Bearer …`, or as a header `api_key`.
"""

from __future__ import annotations

import hmac
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from pydantic_core import from_json

from tonnbook.models.base import Answer, without_nulls
from tonnbook.models.beatoven_wire import (
    DirectRequest,
    DirectStarted,
    DirectTask,
    TaskStarted,
    TaskStatus,
    TrackCreated,
    TrackList,
    TrackUrls,
)
from tonnbook.models.composition import OPTIONS, CompositionOptions, CompositionRequest
from tonnbook.models.composition_resolved import with_changes
from tonnbook.models.composition_words import AudioFormat
from tonnbook.models.problems import explain
from tonnbook.studio.composition.service import CompositionService, Track
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import read, server_state


async def token_holder(request: Request) -> None:
    """Let only those pass who send the studio's key in one of the three ways; raises HttpError 401."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token.strip() if scheme.lower() in ("api_key", "bearer") else request.headers.get("api_key", "")
    if not hmac.compare_digest(server_state(request).key.encode(), given.encode("utf-8", "replace")):
        raise HttpError(401, "the token is missing or wrong: send the header Authorization: api_key TOKEN")


router = APIRouter(dependencies=[Depends(token_holder)])


def _desk(request: Request) -> CompositionService:
    return server_state(request).composition


# --- options, tracks, composing


async def composition_params(request: Request) -> JSONResponse:
    """Genres, emotions, tempi, and the combinations that are refused. One entry spells its list `mood`, as the document's does;
    `tonnbook` lists the fields of a request that this studio takes beyond the document."""
    body = OPTIONS.model_copy(update={"extras": ("seed",)}).to_wire()
    body["blockedParams"][3]["mood"] = body["blockedParams"][3].pop("moods")
    return JSONResponse(body)


async def create_track(request: Request) -> JSONResponse:
    """A prompt, or genre, tempo, duration and sections. Nothing is composed yet."""
    track = _desk(request).create(await read(request, CompositionRequest))
    return _answer(TrackCreated(uuid=track.id, track=track.record()))


async def list_tracks(request: Request) -> JSONResponse:
    """All tracks of this studio, oldest first."""
    found = tuple(TrackCreated(status="", uuid=t.id, track=t.record()) for t in _desk(request).tracks)
    return _answer(TrackList(tracks=found))


async def compose_track(request: Request, track_id: str) -> JSONResponse:
    """Compose the track as it was created, or with new parameters; each time a new version, and the older ones stay."""
    service = _desk(request)
    track = service.track(track_id)
    return _answer(TaskStarted(task_id=service.start(track, await _changed(request, track))))


async def fetch_instruments(request: Request, track_id: str) -> JSONResponse:
    """Start cutting the stems of a version, the latest unless told otherwise, section by section."""
    service = _desk(request)
    return _answer(TaskStarted(task_id=service.start_stems(service.track(track_id), await _version_asked(request))))


async def get_track(request: Request, track_id: str) -> JSONResponse:
    """The links of a version that has been composed; `instrument_urls` is empty until the instruments have been asked for."""
    service = _desk(request)
    version = service.track(track_id).version(await _version_asked(request))
    return _answer(service.track_urls(version))


async def get_status(request: Request, task_id: str) -> JSONResponse:
    """PENDING, PROGRESS with a percentage, SUCCESS with links, or FAILURE with the reason."""
    service = _desk(request)
    return _answer(service.status(service.find_order(task_id)))


# --- the newer v1


async def compose_direct(request: Request) -> JSONResponse:
    """One prompt in, one file out, with stems; WAV unless told otherwise. `looping` gives whole bars without an ending."""
    wanted = await read(request, DirectRequest)
    if wanted.format is AudioFormat.AAC:
        raise HttpError(
            400,
            "format: the studio writes wav and mp3; for aac there is no encoder that could come with it (none is both free of "
            "licence terms and a plain Python package). Ask for mp3, or convert the wav",
        )
    service = _desk(request)
    track = service.create(CompositionRequest(prompt=wanted.prompt.text))
    task_id = service.start(track, None, wanted.format, wanted.looping, whole_stems=True)
    return _answer(DirectStarted(task_id=task_id))


async def get_direct(request: Request, task_id: str) -> JSONResponse:
    """composing, running, composed or failed."""
    service = _desk(request)
    return _answer(service.direct_status(service.find_order(task_id)))


# --- what the handlers read


async def _changed(request: Request, track: Track) -> CompositionRequest | None:
    """Return the new parameters of a compose call, laid over the track's own; None for an empty body."""
    body = await _body(request)
    if not body:
        return None
    try:
        return with_changes(track.request, body)
    except ValidationError as error:
        raise HttpError(400, explain(error)) from None


async def _body(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body; an empty body is an empty object."""
    raw = await request.body()
    if len(raw) > server_state(request).limits.body_bytes:
        raise HttpError(413, "the body is larger than this call needs")
    try:
        body = from_json(raw or b"{}", allow_inf_nan=False)
    except ValueError as error:
        raise HttpError(400, f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise HttpError(400, "the body is no JSON object")
    found: dict[str, Any] = without_nulls(body)
    return found


async def _version_asked(request: Request) -> int | None:
    """Return the version that the address or the body names; raises HttpError 400."""
    named = request.query_params.get("version") or (await _body(request)).get("version")
    if named is None:
        return None
    if isinstance(named, str | int) and str(named).isdecimal():
        return int(named)
    raise HttpError(400, "version: is no whole number")


def _answer(answer: Answer) -> JSONResponse:
    return JSONResponse(answer.to_wire())


_TRACK = described("Create a track", TrackCreated, CompositionRequest)
_COMPOSE = described("Compose a track: a new version", TaskStarted, task=True, busy=True)
_FETCH = described("Get the links of a composed track", TrackUrls, task=True)
_STATUS = described("Ask after a task", TaskStatus, task=True)

for base in ("/api/v2", "/api/v1"):
    router.add_api_route(f"{base}/tracks", create_track, methods=["POST"], **_TRACK)
    router.add_api_route(f"{base}/tracks/{{track_id}}", get_track, methods=["GET"], **_FETCH)
    router.add_api_route(f"{base}/tracks/{{track_id}}/compose", compose_track, methods=["POST"], **_COMPOSE)
    router.add_api_route(f"{base}/status/{{task_id}}", get_status, methods=["GET"], **_STATUS)

router.add_api_route("/api/v1/tracks", list_tracks, methods=["GET"], **described("List all tracks", TrackList))
router.add_api_route(
    "/api/v2/composition_params",
    composition_params,
    methods=["GET"],
    **described("Get what can be asked for, and what not together", CompositionOptions),
)
router.add_api_route(
    "/api/v2/tracks/{track_id}/instrument_urls",
    fetch_instruments,
    methods=["POST"],
    **described("Start cutting the stems", TaskStarted, task=True, busy=True),
)
router.add_api_route(
    "/api/v1/tracks/compose",
    compose_direct,
    methods=["POST"],
    **described("Compose a prompt (newer v1)", DirectStarted, DirectRequest, busy=True),
)
router.add_api_route(
    "/api/v1/tasks/{task_id}",
    get_direct,
    methods=["GET"],
    **described("Ask after a prompt's task (newer v1)", DirectTask, task=True),
)
