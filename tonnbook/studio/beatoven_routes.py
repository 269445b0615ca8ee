"""The calls of the Beatoven service: v2, the newer v1 (one prompt, one file), and the older v1 paths with the shapes of v2.

States travel in upper case, as the document's example and the vendor's own client have them. The key comes as
`Authorization: api_key …`, as `Authorization: Bearer …`, or as a header `api_key`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from pydantic_core import from_json

from tonnbook.models.base import Answer, without_nulls
from tonnbook.models.composition import OPTIONS, AudioFormat, CompositionOptions, CompositionRequest
from tonnbook.models.problems import explain
from tonnbook.models.track import (
    DirectMeta,
    DirectRequest,
    DirectStarted,
    DirectTask,
    SectionTrack,
    SongNotes,
    StemUrls,
    TaskStarted,
    TaskStatus,
    TrackCreated,
    TrackList,
    TrackUrls,
)
from tonnbook.studio.composition_desk import Composed, CompositionDesk, Order, Track, Version
from tonnbook.studio.openapi import described
from tonnbook.studio.reading import read, rooms
from tonnbook.studio.refusal import Refusal


async def token_holder(request: Request) -> None:
    """Let only those pass who send the studio's key in one of the three ways; raises Refusal 401."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token.strip() if scheme.lower() in ("api_key", "bearer") else request.headers.get("api_key", "")
    if not hmac.compare_digest(rooms(request).key.encode(), given.encode("utf-8", "replace")):
        raise Refusal(401, "the token is missing or wrong: send the header Authorization: api_key TOKEN")


router = APIRouter(dependencies=[Depends(token_holder)])


def _desk(request: Request) -> CompositionDesk:
    return rooms(request).composition


# --- options, tracks, composing


async def composition_params(request: Request) -> JSONResponse:
    """Genres, emotions, tempi, and the combinations that are refused. One entry spells its list `mood`, as the document's does."""
    body = OPTIONS.to_wire()
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
    desk = _desk(request)
    track = desk.track(track_id)
    return _answer(TaskStarted(task_id=desk.compose(track, await _changed(request, track))))


async def fetch_instruments(request: Request, track_id: str) -> JSONResponse:
    """Start cutting the stems of a version, the latest unless told otherwise, section by section."""
    desk = _desk(request)
    return _answer(TaskStarted(task_id=desk.instruments(desk.track(track_id), await _version_asked(request))))


async def get_track(request: Request, track_id: str) -> JSONResponse:
    """The links of a version that has been composed; `instrument_urls` is empty until the instruments have been asked for."""
    desk = _desk(request)
    version = desk.version(desk.track(track_id), await _version_asked(request))
    done = desk.present(version)
    answer = TrackUrls(
        download_url=desk.link(done, done.song.track),
        section_options=_sections(desk, done),
        instrument_urls=_instruments(desk, version, done) or (),
        notes=_notes(desk, done),
    )
    return _answer(answer)


async def get_status(request: Request, task_id: str) -> JSONResponse:
    """PENDING, PROGRESS with a percentage, SUCCESS with links, or FAILURE with the reason."""
    desk = _desk(request)
    return _answer(_status(desk, desk.order(task_id)))


def _status(desk: CompositionDesk, order: Order) -> TaskStatus:
    task = order.task
    if task.running:
        state = "PROGRESS" if task.progress > 0 else "PENDING"
        share = int(100 * task.progress)
        return TaskStatus(state=state, meta={"message": task.stage, "percentage": share, "generationProgress": share})
    if task.failure is not None:
        return TaskStatus(state="FAILURE", meta={"message": task.failure})
    done = desk.present(order.version)
    if order.instruments:
        cuts = _instruments(desk, order.version, done) or ()
        meta: Any = [[{name: stem.to_wire() for name, stem in row.items()} for row in section] for section in cuts]
        return TaskStatus(state="SUCCESS", meta=meta)
    options = [[take.to_wire() for take in takes] for takes in _sections(desk, done)]
    meta = {"download_url": desk.link(done, done.song.track), "section_options": options}
    return TaskStatus(state="SUCCESS", meta=meta, notes=_notes(desk, done))


def _sections(desk: CompositionDesk, done: Composed) -> tuple[tuple[SectionTrack, ...], ...]:
    return tuple(
        (
            SectionTrack(
                instruments=instruments,
                preview_url=desk.link(done, cut.preview),
                track_url=desk.link(done, cut.track),
                section_duration=section.length_ms,
            ),
        )
        for instruments, cut, section in zip(
            done.song.instruments, done.song.sections, done.song.plan.sections, strict=True
        )
    )


def _instruments(
    desk: CompositionDesk, version: Version, done: Composed
) -> tuple[tuple[Mapping[str, StemUrls], ...], ...] | None:
    task = version.instruments
    if task is None or task.running or task.failure is not None:
        return None
    return tuple(
        tuple(
            {name: StemUrls(preview_url=desk.link(done, cut.preview), track_url=desk.link(done, cut.track))}
            for name, cut in stems.items()
        )
        for stems in task.future.result()
    )


def _notes(desk: CompositionDesk, done: Composed) -> SongNotes:
    song = done.song
    return song.notes.model_copy(
        update={
            "stem_urls": {role: desk.link(done, path) for role, path in song.stems.items()},
            "mix_url": desk.link(done, song.mix),
            "midi_url": desk.link(done, song.midi),
            "midi_stem_urls": {role: desk.link(done, path) for role, path in song.midi_stems.items()},
            "score_url": desk.link(done, song.sheet),
        }
    )


# --- the newer v1


async def compose_direct(request: Request) -> JSONResponse:
    """One prompt in, one file out, with stems; WAV unless told otherwise. `looping` gives whole bars without an ending."""
    wanted = await read(request, DirectRequest)
    if wanted.format is AudioFormat.AAC:
        raise Refusal(
            400,
            "format: the studio writes wav and mp3; for aac there is no encoder that could come with it (none is both free of "
            "licence terms and a plain Python package). Ask for mp3, or convert the wav",
        )
    desk = _desk(request)
    track = desk.create(CompositionRequest(prompt=wanted.prompt.text))
    task_id = desk.compose(track, None, wanted.format, wanted.looping, whole_stems=True)
    return _answer(DirectStarted(task_id=task_id))


async def get_direct(request: Request, task_id: str) -> JSONResponse:
    """composing, running, composed or failed."""
    desk = _desk(request)
    order = desk.order(task_id)
    return _answer(_direct_status(desk, order))


def _direct_status(desk: CompositionDesk, order: Order) -> DirectTask:
    task, track = order.task, order.track
    known = {
        "project_id": track.id,
        "track_id": track.id,
        "prompt": {"text": track.request.prompt or ""},
        "version": order.version.number,
    }
    if task.running:
        state = "running" if task.progress > 0 else "composing"
        return DirectTask(
            status=state, meta=DirectMeta(**known, message=task.stage, percentage=round(100 * task.progress, 1))
        )
    if task.failure is not None:
        return DirectTask(status="failed", meta=DirectMeta(**known, message=task.failure))
    done = desk.present(order.version)
    meta = DirectMeta(
        **known, track_url=desk.link(done, done.song.track), stems_url=_stem_links(desk, done), message="composed"
    )
    return DirectTask(status="composed", meta=meta, notes=_notes(desk, done))


def _stem_links(desk: CompositionDesk, done: Composed) -> dict[str, str]:
    files = {role: file.path for role, file in done.stem_files.items()}
    return {role: desk.link(done, path) for role, path in (files or done.song.stems).items()}


# --- what the handlers read


async def _changed(request: Request, track: Track) -> CompositionRequest | None:
    """Return the new parameters of a compose call, laid over the track's own; None for an empty body."""
    body = await _body(request)
    if not body:
        return None
    own = track.request.to_wire() if "prompt" not in body else {}
    if "prompt" not in body and track.request.prompt:
        own.pop("prompt", None)
    try:
        return CompositionRequest.from_wire({**own, **body})
    except ValidationError as error:
        raise Refusal(400, explain(error)) from None


async def _body(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body; an empty body is an empty object."""
    raw = await request.body()
    if len(raw) > rooms(request).limits.body_bytes:
        raise Refusal(413, "the body is larger than this call needs")
    try:
        body = from_json(raw or b"{}", allow_inf_nan=False)
    except ValueError as error:
        raise Refusal(400, f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise Refusal(400, "the body is no JSON object")
    found: dict[str, Any] = without_nulls(body)
    return found


async def _version_asked(request: Request) -> int | None:
    """Return the version that the address or the body names; raises Refusal 400."""
    named = request.query_params.get("version") or (await _body(request)).get("version")
    if named is None:
        return None
    if isinstance(named, str | int) and str(named).isdecimal():
        return int(named)
    raise Refusal(400, "version: is no whole number")


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
