"""Mixing calls: from stems to a preview, and from a preview to the final mix.

Source of the calls: the Tonn API text and its mixing tutorial. On the live service the FX settings and the final mix cost
credits; each is requested once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from tonnbook.clients.base import Calls, check_accepted, perhaps_charged, unfinished
from tonnbook.clients.files import Files
from tonnbook.clients.http import TRANSIENT, Http
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.jobs import Job, Poll, StillRunning
from tonnbook.clients.polling import JobPoller
from tonnbook.clients.reply import Reply
from tonnbook.errors import JobFailed, UnexpectedAnswer
from tonnbook.models.effects import TrackEffects
from tonnbook.models.files import RemoteFile, local_file
from tonnbook.models.final_mix import final_request
from tonnbook.models.mixing import (
    FinalMix,
    FinalMixAnswer,
    FinalMixRequest,
    MixPreview,
    MixRequest,
    MixTask,
    PreviewMixAnswer,
    PreviewMixQuery,
    short_names,
    track_names,
)

_FIND_AGAIN = "tonn.attach({!r})"
_ASK_FINAL_AGAIN = "tonn.final_mix with the same preview requests it again, and may be charged again."


class MixCalls(Calls):
    """The mixing calls of one client.

    `downloads` is where sent requests are kept, see `SentRequests`; `final_read_s` is how long the one call that makes a final
    mix may take to answer; `client` is the client of these calls, which previews name.
    """

    def __init__(
        self,
        http: Http,
        files: Files,
        poller: JobPoller,
        inbox: WebhookInbox | None,
        downloads: Path | None,
        final_read_s: float,
        client: object = None,
    ) -> None:
        super().__init__(http, files, poller, inbox)
        self._client = client
        self._sent_requests = SentRequests(downloads)
        self._final_read_s = final_read_s

    def preview(self, request: MixRequest, fx_settings: bool) -> Job[MixPreview]:
        """Start a preview mix; the files are uploaded in the background."""
        if not isinstance(request, MixRequest):
            raise TypeError(
                f"preview_mix takes a MixRequest, not {type(request).__name__}; MixRequest.from_wire(payload) reads the "
                "service's own JSON"
            )
        return self._start_task(
            "preview mix", request, partial(self._create_preview, fx_settings), find_again=_FIND_AGAIN
        )

    def final(
        self, preview: MixPreview, changes: Mapping[str, TrackEffects] | None = None, **options: Any
    ) -> Job[FinalMix]:
        """Start the final mix of a preview; `options` are fields of `FinalMixRequest`, None for the preview's value."""
        if not isinstance(preview, MixPreview):
            raise TypeError(f"final_mix takes the MixPreview of a preview job, not {type(preview).__name__}")
        if self._inbox:
            options["webhook_url"] = self._inbox.url
        request = final_request(preview, changes or {}, **options)
        job = Job("final mix", partial(self._create_final, request), self._poller, task_id=preview.task_id)
        return self._started(job)

    def attach(self, task_id: str, request: MixRequest | None, fx_settings: bool) -> Job[MixPreview]:
        """Poll the preview mix with this task id."""
        if request is not None and (files := list(request.local_files())):
            raise ValueError(
                f"attach needs the request as it was sent, with links; {files[0].name} is a file on this machine. "
                "To mix from files, make a new preview"
            )
        if request is not None:
            self._sent_requests.keep(task_id, request)
        poll = partial(self._poll_preview, task_id=task_id, fx_settings=fx_settings)
        return self._attach("preview mix", task_id, poll, _FIND_AGAIN)

    # The methods below run in a job's own thread or in the poller's.

    def _create_preview(self, fx_settings: bool, sent: MixRequest, job: Job[MixPreview]) -> Poll[MixPreview]:
        task_id = self._create("/mixpreview", sent, job).read(MixTask).task_id
        self._sent_requests.keep(task_id, sent)
        job.report(status="running", task_id=task_id, message="the mix has been started")
        return partial(self._poll_preview, job, task_id=task_id, fx_settings=fx_settings)

    def _poll_preview(self, job: Job[MixPreview], task_id: str, fx_settings: bool) -> MixPreview | StillRunning:
        query = PreviewMixQuery(task_id=task_id)
        reply = self._http.retrieve("/retrievepreviewmix", query.to_wire(), retry_for_s=0.0)
        running = unfinished(job, reply)
        if running is None and fx_settings:
            reply.read(PreviewMixAnswer)  # an answer that is no preview must not lead to a call that costs credits
            reply = self._retrieve_fx_settings(job, task_id)
            running = unfinished(job, reply)
        return running or self._preview_of(task_id, reply)

    def _retrieve_fx_settings(self, job: Job[MixPreview], task_id: str) -> Reply:
        """Request the preview with its FX settings. On the live service this costs credits, so it is not repeated as polls are."""
        query = PreviewMixQuery(task_id=task_id, fx_settings=True)
        try:
            return self._http.create("/retrievepreviewmix", query.to_wire(), about_a_task=True)
        except TRANSIENT as error:
            raise JobFailed(
                job,
                f"the mix is ready, but its FX settings could not be retrieved: {error} attach({task_id!r}, fx_settings=False) "
                "gets the mix without them; fx_settings=True requests them again, which may cost credits",
            ) from None

    def _create_final(self, request: FinalMixRequest, job: Job[FinalMix]) -> Poll[FinalMix]:
        """Send the request once. A server that supports RFC 7240 answers at once with a link to poll; the live one when it is done."""
        job.report(status="running", message="the final mix has been requested")
        with perhaps_charged(_ASK_FINAL_AGAIN):
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
                "request is not repeated automatically; call final_mix again when the preview is ready."
            )
        if reply.status == 202 and location:
            return partial(self._poll_final, job, self._http.same_origin(location))
        with perhaps_charged(_ASK_FINAL_AGAIN):
            final = self._final_of(request.task_id, reply)
        return lambda: final

    def _poll_final(self, job: Job[FinalMix], path: str) -> FinalMix | StillRunning:
        reply = self._http.get(path, retry_for_s=0.0)
        return unfinished(job, reply) or self._final_of(str(job.task_id), reply)

    # From answers to results: files are downloaded when they are first used.

    def _preview_of(self, task_id: str, reply: Reply) -> MixPreview:
        results = reply.read(PreviewMixAnswer).results
        folder = self._files.new_folder(f"preview-{task_id[:12]}")
        unmixed = results.unmixed_url
        request = self._sent_requests.find(task_id)
        return MixPreview(
            task_id=task_id,
            request=request,
            mix=self._files.remote_file(results.mix_url, "mix", folder, ".mp3"),
            stems=self._stems(results.stem_urls, folder / "stems", ".mp3"),
            unmixed=self._files.remote_file(unmixed, "unmixed", folder, ".mp3") if unmixed else None,
            settings=results.settings or {},
            notes=results.notes,
            recordings=self._recordings(request, folder / "recordings") if request else {},
            client=self._client,
        )

    def _recordings(self, request: MixRequest, folder: Path) -> dict[str, RemoteFile]:
        """Return the recordings of a request by track name: the files on this machine, others as downloads."""
        sources = [track.source for track in request.tracks]
        names = track_names([Path(self._files.name_of(source)) for source in sources])
        originals = [self._files.original(source) for source in sources]
        return {
            name: local_file(path)
            if path and path.is_file()
            else self._files.remote_file(str(source), PurePosixPath(name).stem, folder, ".wav")
            for name, source, path in zip(names, sources, originals, strict=True)
        }

    def _final_of(self, task_id: str, reply: Reply) -> FinalMix:
        results = reply.read(FinalMixAnswer).results
        folder = self._files.new_folder(f"final-{task_id[:12]}")
        return FinalMix(
            task_id=task_id,
            mix=self._files.remote_file(results.mix_url, "mix", folder, ".wav"),
            stems=self._stems(results.stem_urls, folder / "stems", ".wav"),
            settings=results.settings or {},
            notes=results.notes,
        )

    def _stems(self, links: Mapping[str, str] | None, folder: Path, ending: str) -> dict[str, RemoteFile]:
        """Return the stems by track name. A file is named after its track, without the track's own ending where that is unique."""
        links = links or {}
        names = short_names(links)
        return {name: self._files.remote_file(link, names[name], folder, ending) for name, link in links.items()}


class SentRequests:
    """The mix requests that were sent, by task id, so that the final mix of an attached preview can name the tracks' links.

    They are kept in memory and, where the user chose a `folder` for the downloads, in a file there with mode 0600: then they
    survive a restart of the kernel. Links expire after an hour.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._requests: dict[str, MixRequest] = {}

    def keep(self, task_id: str, request: MixRequest) -> None:
        """Store the request that was sent for `task_id`."""
        self._requests[task_id] = request
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path(self._folder, task_id), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(file, "w", encoding="utf-8") as text:
                json.dump(request.to_wire(), text)

    def find(self, task_id: str) -> MixRequest | None:
        """Return the request that was sent for `task_id`, or None where it is not known."""
        if task_id not in self._requests and self._folder is not None:
            path = self._path(self._folder, task_id)
            if path.is_file():
                try:
                    self._requests[task_id] = MixRequest.from_wire(json.loads(path.read_text(encoding="utf-8")))
                except ValueError:
                    return None  # a file that was edited counts as missing
        return self._requests.get(task_id)

    def _path(self, folder: Path, task_id: str) -> Path:
        plain = "".join(c if c.isalnum() or c in "-_" else "_" for c in task_id)[:100]
        return folder / f".{plain}.order.json"
