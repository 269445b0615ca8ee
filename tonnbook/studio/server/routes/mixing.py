"""The calls of the Tonn service, and the studio's own two: handlers that read, ask the desk, and answer.

A failed task is answered **500** with the error body. The wire notes allow 200 too, but roex-python 1.6.0 reads a 200 without
its results as an empty result when it comes to the first question, and polls on to its last attempt (150 s) when it comes
later; a 500 ends it after its three attempts (3 s), with the reason in its log.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.base import Answer
from tonnbook.models.mixing import (
    FinalMixAnswer,
    FinalMixRequest,
    MixRequest,
    MixTask,
    PreviewMixAnswer,
    PreviewMixQuery,
)
from tonnbook.models.upload import UploadLinks, UploadRequest
from tonnbook.models.vocabulary import TaskState
from tonnbook.studio.mixing.service import FinalMixOrder, MixOrder
from tonnbook.studio.runtime.admission import check_disk_space
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.ledger import LedgerAnswer
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import read, require_key, server_state
from tonnbook.studio.server.routes.waiting import end_of, unfinished

router = APIRouter(dependencies=[Depends(require_key)])


@router.post("/upload", **described("Get the links of one file", UploadLinks, UploadRequest))
async def upload(request: Request) -> JSONResponse:
    """PUT the bytes to `signed_url` with the same Content-Type; name `readable_url` in later calls. Both live one hour."""
    wanted = await read(request, UploadRequest)
    name = wanted.filename.replace("\\", "/").rpartition("/")[2]
    if name.strip(". ") == "" or not name.isprintable():
        raise HttpError(400, "filename: is no file name; give one like vocal.wav")
    state = server_state(request)
    check_disk_space(state.storage, state.limits)
    file = state.storage.new_upload(name, wanted.content_type)
    links = {"signed_url": state.storage.signed_link(file, "PUT"), "readable_url": state.storage.signed_link(file)}
    return _answer(UploadLinks(**links, message="PUT the file to signed_url; the links live for one hour"))


@router.post("/mixpreview", **described("Start a preview mix", MixTask, MixRequest, busy=True))
async def mix_preview(request: Request) -> JSONResponse:
    """Two to 32 tracks of up to 8 minutes. No credits. The webhook is called when the preview is ready or has failed."""
    preview = server_state(request).mixing.start_preview(await read(request, MixRequest))
    return _answer(MixTask(task_id=preview.id, message="the preview mix has been started"))


@router.post(
    "/retrievepreviewmix", **described("Get a preview mix", PreviewMixAnswer, PreviewMixQuery, waits=True, task=True)
)
async def retrieve_preview_mix(request: Request) -> JSONResponse:
    """202 while it is being made. FX settings come when they are asked for; live, they consume credits."""
    query = await read(request, PreviewMixQuery)
    service = server_state(request).mixing
    preview = service.find_order(query.task_id)
    if waiting := _preview_unfinished(preview):
        return waiting
    return _answer(service.preview_answer(preview, fx_settings=query.fx_settings))


@router.post(
    "/retrievefinalmix",
    **described("Make the final mix", FinalMixAnswer, FinalMixRequest, waits=True, task=True, busy=True),
)
async def retrieve_final_mix(request: Request) -> JSONResponse:
    """Answers when the render is done; the same payload again gives the same render and is charged once.

    With the header `Prefer: respond-async` (RFC 7240) it answers 202 at once, and `Location` says where to ask for the result.
    While the preview is still being made: 202. Live, this costs 250 credits.
    """
    wanted = await read(request, FinalMixRequest)
    service = server_state(request).mixing
    preview = service.find_order(wanted.task_id)
    if waiting := _preview_unfinished(preview):
        return waiting
    render = service.start_final(preview, wanted)
    if _prefers_async(request) and (waiting := _final_unfinished(render)):
        waiting.headers["Preference-Applied"] = "respond-async"
        waiting.headers["Location"] = f"/studio/renders/{render.id}"
        return waiting
    await end_of(render.task)
    return _final_unfinished(render) or _answer(service.final_answer(render))


@router.get(
    "/studio/renders/{render_id}",
    **described("Get a final mix that was started with Prefer: respond-async", FinalMixAnswer, waits=True, task=True),
)
async def get_render(request: Request, render_id: str) -> JSONResponse:
    """The studio's own call: 202 while the render goes on, then what /retrievefinalmix answers."""
    service = server_state(request).mixing
    render = service.find_final(render_id)
    return _final_unfinished(render) or _answer(service.final_answer(render))


@router.get("/studio/ledger", **described("What all calls so far would have cost live", LedgerAnswer))
async def get_ledger(request: Request) -> JSONResponse:
    """The studio's own call: nothing is charged here."""
    return _answer(server_state(request).ledger.answer())


def _answer(answer: Answer, status: int = 200) -> JSONResponse:
    return JSONResponse(answer.to_wire(), status)


def _preview_unfinished(preview: MixOrder) -> JSONResponse | None:
    return unfinished(preview.task, "the preview mix", TaskState.PREVIEW_PROCESSING)


def _final_unfinished(render: FinalMixOrder) -> JSONResponse | None:
    return unfinished(render.task, "the final mix", TaskState.FINAL_PROCESSING)


def _prefers_async(request: Request) -> bool:
    """Read the `Prefer` headers (RFC 7240, section 2): tokens between commas, each with parameters after a semicolon."""
    wishes = ",".join(request.headers.getlist("Prefer")).split(",")
    return any(wish.partition(";")[0].strip().lower() == "respond-async" for wish in wishes)
