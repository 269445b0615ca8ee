"""The multitrack mix calls of the Tonn service, and the studio's own call for a final mix that is rendered asynchronously."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.mixing import (
    FinalMixAnswer,
    FinalMixRequest,
    MixRequest,
    MixTask,
    PreviewMixAnswer,
    PreviewMixQuery,
)
from tonnbook.models.vocabulary import TaskState
from tonnbook.studio.mixing.service import FinalMixOrder, MixOrder
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import read
from tonnbook.studio.server.responses import json_response, unfinished, wait_for_end
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["mixing"], dependencies=[Depends(require_key)])

_VOCAL = "http://127.0.0.1:8765/files/…/vocal.wav"
_MIX = {
    "trackData": [
        {"trackURL": _VOCAL, "instrumentGroup": "VOCAL_GROUP", "presenceSetting": "LEAD"},
        {"trackURL": "http://127.0.0.1:8765/files/…/bass.wav", "instrumentGroup": "BASS_GROUP"},
    ],
    "musicalStyle": "POP",
}
_PREVIEW = {"multitrackTaskId": "…", "retrieveFXSettings": True}
_FINAL = {"multitrackTaskId": "…", "trackData": [{"trackURL": _VOCAL, "gainDb": -1.5}]}


@router.post("/mixpreview", **operation("Start a preview mix", MixTask, 429, 507, body=MixRequest, example=_MIX))
async def mix_preview(request: Request) -> JSONResponse:
    """Up to 32 tracks of up to 8 minutes. No credits. The webhook is called when the preview is ready or has failed."""
    order = await read(request, MixRequest)
    preview = server_state(request).mixing.start_preview(order)
    info = "; ".join(order.live_notes)
    return json_response(MixTask(task_id=preview.id, message="the preview mix has been started", info=info))


@router.post(
    "/retrievepreviewmix",
    **operation("Get a preview mix", PreviewMixAnswer, 202, 404, 500, body=PreviewMixQuery, example=_PREVIEW),
)
async def retrieve_preview_mix(request: Request) -> JSONResponse:
    """202 until the preview is ready. FX settings are included on request; live, they cost credits.

    As on the live service, `attack_ms` and `release_ms` of `mix_output_settings` are in seconds, in spite of their names.
    """
    query = await read(request, PreviewMixQuery)
    service = server_state(request).mixing
    preview = service.find_order(query.task_id)
    answer = _preview_unfinished(preview)
    return answer or json_response(service.preview_answer(preview, query))


@router.post(
    "/retrievefinalmix",
    **operation("Render the final mix", FinalMixAnswer, 202, 404, 429, 500, 507, body=FinalMixRequest, example=_FINAL),
)
async def retrieve_final_mix(request: Request) -> JSONResponse:
    """The answer comes when the render is done. The same payload again returns the same render and is charged once.

    With the header `Prefer: respond-async` (RFC 7240) the answer is a 202 at once, with the address of the result in `Location`.
    While the preview is still being made: 202. Live, this costs 250 credits.

    `gainDb` is added to the gain of the preview; the other settings replace the preview's. `attack_ms` and `release_ms` of
    `compression_settings` are in milliseconds: those of a `drc_settings`, times 1000.
    """
    final = await read(request, FinalMixRequest)
    service = server_state(request).mixing
    preview = service.find_order(final.task_id)
    if waiting := _preview_unfinished(preview):
        return waiting
    render = service.start_final(preview, final)
    if _prefers_async(request) and (waiting := _render_unfinished(render)):
        waiting.headers["Preference-Applied"] = "respond-async"
        waiting.headers["Location"] = f"/studio/renders/{render.id}"
        return waiting
    await wait_for_end(render.task)
    return _render_unfinished(render) or json_response(service.final_answer(render, final.live_notes))


@router.get(
    "/studio/renders/{render_id}",
    **operation("Get a final mix that was started with Prefer: respond-async", FinalMixAnswer, 202, 404, 500),
)
async def get_render(request: Request, render_id: str) -> JSONResponse:
    """The studio's own call: 202 until the render is done, then the answer of /retrievefinalmix."""
    service = server_state(request).mixing
    render = service.find_final(render_id)
    return _render_unfinished(render) or json_response(service.final_answer(render))


def _preview_unfinished(preview: MixOrder) -> JSONResponse | None:
    return unfinished(preview.task, "the preview mix", TaskState.PREVIEW_PROCESSING)


def _render_unfinished(render: FinalMixOrder) -> JSONResponse | None:
    return unfinished(render.task, "the final mix", TaskState.FINAL_PROCESSING)


def _prefers_async(request: Request) -> bool:
    """Return whether a `Prefer` header has the token `respond-async`.

    RFC 7240, section 2: tokens are separated by commas, and each may have parameters after a semicolon.
    """
    preferences = ",".join(request.headers.getlist("Prefer")).split(",")
    return any(each.partition(";")[0].strip().lower() == "respond-async" for each in preferences)
