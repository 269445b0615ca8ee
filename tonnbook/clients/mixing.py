"""Mixes through one client: from stems to a preview, and from a preview to the final mix.

Source of the calls: the Tonn API text and its mixing tutorial. The FX settings and the final mix cost credits live; each is asked for once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from tonnbook.clients.base import Calls, check_accepted, unfinished
from tonnbook.clients.files import Files
from tonnbook.clients.http import TRANSIENT, Http
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.jobs import Ask, Job, StillRunning
from tonnbook.clients.mix_results import final_of, preview_of
from tonnbook.clients.mix_tracks import final_tracks
from tonnbook.clients.orders import Orders
from tonnbook.clients.polling import JobPoller
from tonnbook.clients.replies import Reply
from tonnbook.errors import JobFailed, UnexpectedAnswer
from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import (
    FinalMixAnswer,
    FinalMixRequest,
    MixRequest,
    MixTask,
    PreviewMixAnswer,
    PreviewMixQuery,
)
from tonnbook.models.results import FinalMix, MixPreview
from tonnbook.models.vocabulary import SampleRate


class MixCalls(Calls):
    """The mixing calls of one client. `final_read_s` is how long the one call may take that makes a final mix."""

    def __init__(
        self,
        http: Http,
        files: Files,
        poller: JobPoller,
        inbox: WebhookInbox | None,
        orders: Orders,
        final_read_s: float,
    ) -> None:
        super().__init__(http, files, poller, inbox)
        self._orders = orders
        self._final_read_s = final_read_s

    def preview(self, request: MixRequest, fx_settings: bool) -> Job[MixPreview]:
        """Start a preview mix; the files are uploaded in the background."""
        if not isinstance(request, MixRequest):
            raise TypeError(
                f"preview_mix takes a MixRequest, not {type(request).__name__}; MixRequest.from_wire(payload) reads the "
                "service's own JSON"
            )
        return self._start_order("preview mix", request, partial(self._order_preview, fx_settings))

    def final(
        self, preview: MixPreview, changes: Mapping[str, TrackEffects] | None = None, **options: Any
    ) -> Job[FinalMix]:
        """Start the final mix of a preview; `options` are fields of `FinalMixRequest`, None for what the preview says."""
        if not isinstance(preview, MixPreview):
            raise TypeError(f"final_mix takes the MixPreview that a preview job gave, not {type(preview).__name__}")
        if preview.request is None:
            raise ValueError(
                f"the links of the tracks of {preview.task_id} are not known here, and a final mix must name them: "
                f"attach({preview.task_id!r}, request=...) with the request as it was sent, or make the preview again"
            )
        rate = options.pop("sample_rate", None)
        request = FinalMixRequest(
            task_id=preview.task_id,
            tracks=final_tracks(preview.request, changes or {}, self._files.name_of),
            sample_rate=preview.request.sample_rate if rate is None else SampleRate(rate),
            webhook_url=self._inbox.url if self._inbox else preview.request.webhook_url,
            **options,
        )
        job = Job("final mix", partial(self._order_final, request), self._poller, task_id=preview.task_id)
        return self._started(job)

    def attach(self, task_id: str, request: MixRequest | None, fx_settings: bool) -> Job[MixPreview]:
        """Find a preview mix again by its task id."""
        if request is not None and (files := list(request.local_files())):
            raise ValueError(
                f"attach needs the request as it was sent, with links; {files[0].name} is a file on this machine. "
                "To mix from files, make a new preview"
            )
        if request is not None:
            self._orders.keep(task_id, request)
        ask = partial(self._ask_preview, task_id=task_id, fx_settings=fx_settings)
        return self._start_asking("preview mix", task_id, ask)

    # From here on in the threads of a job.

    def _order_preview(self, fx_settings: bool, sent: MixRequest, job: Job[MixPreview]) -> Ask[MixPreview]:
        task_id = self._ordered("/mixpreview", sent, job).read(MixTask).task_id
        self._orders.keep(task_id, sent)
        job.report(status="running", task_id=task_id, message="the mix has been started")
        return partial(self._ask_preview, job, task_id=task_id, fx_settings=fx_settings)

    def _ask_preview(self, job: Job[MixPreview], task_id: str, fx_settings: bool) -> MixPreview | StillRunning:
        query = PreviewMixQuery(task_id=task_id)
        reply = self._http.retrieve("/retrievepreviewmix", query.to_wire(), retry_for_s=0.0)
        running = unfinished(job, reply)
        if running is None and fx_settings:
            reply = self._retrieve_fx_settings(job, task_id)
            running = unfinished(job, reply)
        if running is not None:
            return running
        return preview_of(task_id, reply.read(PreviewMixAnswer).results, self._orders.find(task_id), self._files)

    def _retrieve_fx_settings(self, job: Job[MixPreview], task_id: str) -> Reply:
        """Ask for the preview with its FX settings. Live this costs credits, so it is never repeated, as polls are."""
        query = PreviewMixQuery(task_id=task_id, fx_settings=True)
        try:
            return self._http.create("/retrievepreviewmix", query.to_wire(), about_a_task=True)
        except TRANSIENT as problem:
            raise JobFailed(
                job,
                f"the mix is ready, but its FX settings did not come: {problem} attach({task_id!r}, fx_settings=False) "
                "gets the mix without them; fx_settings=True asks once more, which may cost credits",
            ) from None

    def _order_final(self, request: FinalMixRequest, job: Job[FinalMix]) -> Ask[FinalMix]:
        """Send the order once. A server that knows RFC 7240 answers at once where to ask; the live one when it is done."""
        job.report(status="running", message="the final mix has been ordered")
        reply = self._http.create(
            "/retrievefinalmix",
            request.to_wire(),
            headers={"Prefer": "respond-async"},
            read_s=self._final_read_s,
            about_a_task=True,
        )
        check_accepted(job, reply)
        location = reply.headers.get("Location")
        if reply.status == 202 and not location:
            raise UnexpectedAnswer(
                f"/retrievefinalmix answered 202 without a Location: {reply.json().get('message', 'still working')}. The "
                "final mix is not sent again by itself; call final_mix again when the preview is ready."
            )
        if reply.status == 202 and location:
            return partial(self._ask_final, job, self._http.same_origin(location))
        final = final_of(request.task_id, reply.read(FinalMixAnswer).results, self._files)
        return lambda: final

    def _ask_final(self, job: Job[FinalMix], path: str) -> FinalMix | StillRunning:
        reply = self._http.get(path, retry_for_s=0.0)
        running = unfinished(job, reply)
        if running is not None:
            return running
        return final_of(str(job.task_id), reply.read(FinalMixAnswer).results, self._files)
