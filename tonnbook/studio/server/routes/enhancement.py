"""The enhancement calls of the Tonn service: handlers that read, ask the desk, and answer."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.enhancement import EnhancementAnswer, EnhancementQuery, EnhancementRequest, EnhancementTask
from tonnbook.models.vocabulary import EnhancementState
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import read, require_key, server_state
from tonnbook.studio.server.routes.waiting import unfinished

router = APIRouter(dependencies=[Depends(require_key)])


@router.post(
    "/mixenhancepreview",
    **described("Start the preview of an enhancement", EnhancementTask, EnhancementRequest, busy=True),
)
async def mix_enhance_preview(request: Request) -> JSONResponse:
    """30 s of the enhanced mix, as MP3. No credits. The webhook is called when it is ready or has failed."""
    return await _opened(request, full=False)


@router.post("/mixenhance", **described("Start an enhancement", EnhancementTask, EnhancementRequest, busy=True))
async def mix_enhance(request: Request) -> JSONResponse:
    """The whole enhanced mix, as WAV. Live, this costs 250 credits."""
    return await _opened(request, full=True)


@router.post(
    "/retrieveenhancedtrack",
    **described("Get an enhanced track", EnhancementAnswer, EnhancementQuery, waits=True, task=True),
)
async def retrieve_enhanced_track(request: Request) -> JSONResponse:
    """202 while it is being made."""
    query = await read(request, EnhancementQuery)
    service = server_state(request).enhancement
    order = service.find_order(query.task_id)
    state = EnhancementState.FINAL_PROCESSING if order.full else EnhancementState.PREVIEW_PROCESSING
    waiting = unfinished(order.task, "the enhanced track", state)
    return waiting or JSONResponse(service.answer(order).to_wire())


async def _opened(request: Request, *, full: bool) -> JSONResponse:
    order = server_state(request).enhancement.start(await read(request, EnhancementRequest), full=full)
    return JSONResponse(EnhancementTask(task_id=order.id, message="the enhancement has been started").to_wire())
