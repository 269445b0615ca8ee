"""The enhancement calls of the Tonn service: handlers that read, ask the desk, and answer."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.enhancement import EnhanceAnswer, EnhanceQuery, EnhanceRequest, EnhanceTask
from tonnbook.models.vocabulary import EnhanceState
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import key_holder, read, rooms
from tonnbook.studio.server.routes.waiting import unfinished

router = APIRouter(dependencies=[Depends(key_holder)])


@router.post(
    "/mixenhancepreview",
    **described("Start the preview of an enhancement", EnhanceTask, EnhanceRequest, busy=True),
)
async def mix_enhance_preview(request: Request) -> JSONResponse:
    """30 s of the enhanced mix, as MP3. No credits. The webhook is called when it is ready or has failed."""
    return await _opened(request, full=False)


@router.post("/mixenhance", **described("Start an enhancement", EnhanceTask, EnhanceRequest, busy=True))
async def mix_enhance(request: Request) -> JSONResponse:
    """The whole enhanced mix, as WAV. Live, this costs 250 credits."""
    return await _opened(request, full=True)


@router.post(
    "/retrieveenhancedtrack",
    **described("Get an enhanced track", EnhanceAnswer, EnhanceQuery, waits=True, task=True),
)
async def retrieve_enhanced_track(request: Request) -> JSONResponse:
    """202 while it is being made."""
    query = await read(request, EnhanceQuery)
    desk = rooms(request).enhancement
    order = desk.order(query.task_id)
    state = EnhanceState.FINAL_PROCESSING if order.full else EnhanceState.PREVIEW_PROCESSING
    waiting = unfinished(order.task, "the enhanced track", state)
    return waiting or JSONResponse(desk.answer(order).to_wire())


async def _opened(request: Request, *, full: bool) -> JSONResponse:
    order = rooms(request).enhancement.open(await read(request, EnhanceRequest), full=full)
    return JSONResponse(EnhanceTask(task_id=order.id, message="the enhancement has been started").to_wire())
