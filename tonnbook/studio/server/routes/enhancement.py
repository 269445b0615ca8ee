"""The enhancement calls of the Tonn service."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.enhancement import EnhancementAnswer, EnhancementQuery, EnhancementRequest, EnhancementTask
from tonnbook.models.vocabulary import EnhancementState
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import read
from tonnbook.studio.server.responses import json_response, unfinished
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["enhancement"], dependencies=[Depends(require_key)])

_MIX = {
    "audioFileLocation": "http://127.0.0.1:8765/files/…/mix.wav",
    "musicalStyle": "POP",
    "fixClippingIssues": True,
}
_QUERY = {"mixReviveTaskId": "…"}


@router.post(
    "/mixenhancepreview",
    **operation(
        "Start the preview of an enhancement", EnhancementTask, 429, 507, body=EnhancementRequest, example=_MIX
    ),
)
async def mix_enhance_preview(request: Request) -> JSONResponse:
    """30 s of the enhanced mix, as MP3. No credits. The webhook is called when it is ready or has failed."""
    return await _start(request, full=False)


@router.post(
    "/mixenhance",
    **operation("Start an enhancement", EnhancementTask, 429, 507, body=EnhancementRequest, example=_MIX),
)
async def mix_enhance(request: Request) -> JSONResponse:
    """The whole enhanced mix, as WAV. Live, this costs 250 credits."""
    return await _start(request, full=True)


@router.post(
    "/retrieveenhancedtrack",
    **operation("Get an enhanced track", EnhancementAnswer, 202, 404, 500, body=EnhancementQuery, example=_QUERY),
)
async def retrieve_enhanced_track(request: Request) -> JSONResponse:
    """202 until the track is ready."""
    query = await read(request, EnhancementQuery)
    service = server_state(request).enhancement
    order = service.find_order(query.task_id)
    state = EnhancementState.FINAL_PROCESSING if order.full else EnhancementState.PREVIEW_PROCESSING
    return unfinished(order.task, "the enhanced track", state) or json_response(service.answer(order))


async def _start(request: Request, *, full: bool) -> JSONResponse:
    body = await read(request, EnhancementRequest)
    order = server_state(request).enhancement.start(body, full=full)
    info = "; ".join(body.live_notes)
    return json_response(EnhancementTask(task_id=order.id, message="the enhancement has been started", info=info))
