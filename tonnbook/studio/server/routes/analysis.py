"""The analysis call of the Tonn service. A recording that cannot be used is answered 400, with the reason."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.analysis import AnalysisAnswer, AnalysisRequest
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import read
from tonnbook.studio.server.responses import result_response
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["analysis"], dependencies=[Depends(require_key)])

_EXAMPLE = {"audioFileLocation": "http://127.0.0.1:8765/files/…/mix.wav", "musicalStyle": "POP", "isMaster": False}


@router.post(
    "/mixanalysis",
    **operation("Analyse a mix or master", AnalysisAnswer, 404, 429, 500, 507, body=AnalysisRequest, example=_EXAMPLE),
)
async def mix_analysis(request: Request) -> JSONResponse:
    """The answer comes when the analysis is done: about 0.3 s per minute of audio. The part under `tonnbook` is the studio's own.

    Live, this costs 10 credits.
    """
    return await result_response(server_state(request).analysis.start(await read(request, AnalysisRequest)))
