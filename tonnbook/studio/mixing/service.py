"""Mixing service: start preview and final mixes, and answer about them."""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tonnbook.errors import TonnbookError, redacted
from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import (
    FinalMixAnswer,
    FinalMixRequest,
    FinalMixResults,
    MixRequest,
    PreviewMixAnswer,
    PreviewMixQuery,
    PreviewMixResults,
    track_names,
)
from tonnbook.models.vocabulary import CREDITS, DesiredLoudness, TaskState
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.runtime.admission import check_disk_space, check_webhook
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.service import DOWNLOAD_SHARE, Service, ServiceContext, TaskResult
from tonnbook.studio.runtime.webhooks import WebhookEvent, result_fields
from tonnbook.studio.runtime.worker import Task

if TYPE_CHECKING:  # at run time the engine is imported in the background
    from tonnbook.studio.mixing.engine import MixOutcome
    from tonnbook.studio.mixing.tracks import TrackFile

FAILURE_KEPT_S = 60.0
"""Seconds for which a failed final mix is answered from memory. Clients repeat a request after a 500 by themselves, and the render
would fail again each time. After that it is tried again."""

_Key = tuple[object, ...]


@dataclass(frozen=True)
class MixResult(TaskResult["MixOutcome"]):
    """A finished mix, and the tracks it was made from."""

    tracks: tuple[TrackFile, ...]


@dataclass(frozen=True)
class MixOrder:
    """A preview mix that was requested."""

    id: str
    request: MixRequest = field(repr=False)
    task: Task[MixResult]


@dataclass(frozen=True)
class FinalMixOrder:
    """A final mix that was requested; `id` is its own, `task_id` the preview's."""

    id: str
    task_id: str
    task: Task[MixResult]


class MixService(Service[MixOrder]):
    """All mixes of one studio."""

    engine = "tonnbook.studio.mixing.engine"
    result_name = "the mix"

    def __init__(self, context: ServiceContext) -> None:
        super().__init__(context)
        self._finals: dict[str, FinalMixOrder] = {}
        self._finals_by_payload: dict[_Key, FinalMixOrder] = {}
        self._charged: set[_Key] = set()

    def start_preview(self, request: MixRequest) -> MixOrder:
        """Start a preview mix; raises HttpError 400, 429 or 507."""
        sources = {f"trackData[{n}].trackURL": track.source for n, track in enumerate(request.tracks)}
        self._check_order(sources, request.webhook_url)
        task_id = secrets.token_hex(12)
        task = self._start_task(
            task_id,
            request.webhook_url,
            lambda progress: self._make_preview(task_id, request, progress),
            self._preview_event,
        )
        return self._add_order(task_id, MixOrder(task_id, request, task))

    def start_final(self, preview: MixOrder, request: FinalMixRequest) -> FinalMixOrder:
        """Start the final mix of a finished preview, or return the one that was started before with the same payload.

        Raises HttpError 400, 404 if the tracks of the preview have been deleted, 429 or 507.
        """
        if request.webhook_url is not None:
            check_webhook(request.webhook_url, self._storage)
        changes = track_changes(preview.request, request)
        request, remarks = with_options_of_preview(preview.request, request)
        loudness = request.desired_loudness if request.create_master else None
        key = (
            preview.id,
            request.return_stems,
            request.sample_rate,
            request.create_master,
            loudness,
            frozenset(changes.items()),
        )
        with self._lock:
            known = self._finals_by_payload.get(key)
        if known and not self._is_outdated(known):
            return known
        check_disk_space(self._storage, self._limits)
        self._result(preview.task)
        task = self._start_task(
            preview.id,
            request.webhook_url,
            lambda progress: self._make_final(preview, request, remarks, changes, key, progress),
            self._final_event,
        )
        order = FinalMixOrder(secrets.token_hex(12), preview.id, task)
        with self._lock:
            self._finals[order.id] = self._finals_by_payload[key] = order
        return order

    def find_final(self, final_id: str) -> FinalMixOrder:
        """Return a final mix by its own id; raises HttpError 404."""
        if order := self._finals.get(final_id):
            return order
        raise HttpError(404, "no such render; request the final mix again")

    def preview_answer(self, order: MixOrder, query: PreviewMixQuery) -> PreviewMixAnswer:
        """Return the answer for a preview that is done; raises HttpError 404 if its files have been deleted."""
        result = self._result(order.task)
        if query.fx_settings:
            self._ledger.charge_once("fx_settings", order.id)
        return self._preview_answer(result.outcome, query.live_notes, fx_settings=query.fx_settings)

    def final_answer(self, order: FinalMixOrder, info: tuple[str, ...] = ()) -> FinalMixAnswer:
        """Return the answer for a final mix that is done, with `info` in its notes.

        Raises HttpError 404 if its files have been deleted.
        """
        return self._final_answer(self._result(order.task).outcome, info)

    def _is_outdated(self, order: FinalMixOrder) -> bool:
        task = order.task
        if task.failure is not None:
            return self._clock() - (task.ended_at or 0.0) > FAILURE_KEPT_S
        return not task.running and not self._storage.exists(task.future.result().task_folder)

    # Called in a task's thread.

    def _make_preview(self, task_id: str, request: MixRequest, progress: Progress) -> MixResult:
        from tonnbook.studio.mixing.engine import preview_mix

        with self._storage.new_task_folder() as task_folder:
            tracks = self._download_tracks(request, task_folder.path / "tracks", part(progress, 0, DOWNLOAD_SHARE))
            progress(DOWNLOAD_SHARE, "waiting for its turn")
            render_progress = part(progress, DOWNLOAD_SHARE, 1)
            outcome = self._worker.compute(preview_mix, tracks, request, task_folder.path / "out", render_progress)
        self._ledger.charge("mix_preview", task_id)
        return MixResult(task_folder, outcome, tracks)

    def _download_tracks(self, request: MixRequest, folder: Path, progress: Progress) -> tuple[TrackFile, ...]:
        """Download and check every track of a request; each file is named after its track."""
        from tonnbook.studio.measure.track_checks import check_track
        from tonnbook.studio.mixing.tracks import TrackFile

        names = track_names([track.source for track in request.tracks])
        files = []
        for n, (name, track) in enumerate(zip(names, request.tracks, strict=True)):
            share = part(progress, n / len(names), 1)
            path = self._download_source(str(track.source), folder / f"{n + 1:02d}", share, check_track, name)
            files.append(TrackFile(name, path, track))
        return tuple(files)

    def _make_final(
        self,
        preview: MixOrder,
        request: FinalMixRequest,
        remarks: tuple[str, ...],
        changes: Mapping[str, TrackEffects],
        key: _Key,
        progress: Progress,
    ) -> MixResult:
        from tonnbook.studio.mixing.engine import final_mix

        before = preview.task.future.result()
        with self._storage.pinned(before.task_folder), self._storage.new_task_folder() as task_folder:
            if not self._storage.exists(before.task_folder):
                raise TonnbookError("the tracks of this task were deleted to free disk space; make the preview again")
            out = task_folder.path / "out"
            outcome = self._worker.compute(final_mix, before.tracks, before.outcome, request, out, progress, changes)
        notes = outcome.notes.model_copy(update={"info": (*remarks, *outcome.notes.info)})
        outcome = replace(outcome, notes=notes)
        with self._lock:
            charged = key in self._charged
            self._charged.add(key)
        if not charged:
            self._ledger.charge("final_mix", preview.id)
        return MixResult(task_folder, outcome, before.tracks)

    def _preview_event(self, task: Task[MixResult]) -> WebhookEvent:
        if task.failure is not None:
            return TaskState.PREVIEW_ERROR, {}
        answer = self._preview_answer(task.future.result().outcome, fx_settings=False)
        return TaskState.PREVIEW_COMPLETED, result_fields(answer.results, "stems")

    def _final_event(self, task: Task[MixResult]) -> WebhookEvent:
        if task.failure is not None:
            return TaskState.FINAL_ERROR, {}
        answer = self._final_answer(task.future.result().outcome)
        # The settings cost credits on the live service, so a webhook does not carry them.
        return TaskState.FINAL_COMPLETED, result_fields(answer.results, "stems")

    def _preview_answer(
        self, outcome: MixOutcome, info: tuple[str, ...] = (), *, fx_settings: bool
    ) -> PreviewMixAnswer:
        results = PreviewMixResults(
            mix_url=self._storage.result_link(outcome.mix),
            stem_urls=self._stem_links(outcome),
            unmixed_url=self._storage.result_link(outcome.unmixed) if outcome.unmixed else None,
            settings=outcome.settings if fx_settings else None,
            notes=outcome.notes.model_copy(update={"info": (*info, *outcome.notes.info)}),
        )
        return PreviewMixAnswer(results=results)

    def _final_answer(self, outcome: MixOutcome, info: tuple[str, ...] = ()) -> FinalMixAnswer:
        notes = {"credits_live": CREDITS["final_mix"], "info": (*info, *outcome.notes.info)}
        results = FinalMixResults(
            mix_url=self._storage.result_link(outcome.mix),
            stem_urls=self._stem_links(outcome),
            settings=outcome.settings,
            notes=outcome.notes.model_copy(update=notes),
        )
        return FinalMixAnswer(results=results)

    def _stem_links(self, outcome: MixOutcome) -> dict[str, str] | None:
        return {name: self._storage.result_link(path) for name, path in outcome.stems.items()} or None


def with_options_of_preview(preview: MixRequest, final: FinalMixRequest) -> tuple[FinalMixRequest, tuple[str, ...]]:
    """Return the final mix with the master that its preview requested, where the final mix does not say otherwise.

    Also returns a message if it is the master of the preview.
    """
    options = ("create_master", "desired_loudness")
    resolved = final.model_copy(
        update={name: getattr(preview, name) for name in options if name not in final.model_fields_set}
    )
    if resolved.create_master and all(getattr(resolved, name) == getattr(preview, name) for name in options):
        word = (resolved.desired_loudness or DesiredLoudness.MEDIUM).value
        return resolved, (f"mastered to {word}, as requested with the preview",)
    return resolved, ()


def track_changes(preview: MixRequest, final: FinalMixRequest) -> dict[str, TrackEffects]:
    """Return the changes of a final mix by track name; raises HttpError 400 for a track that the preview does not have.

    Tracks are matched by their links. The query may differ, as in a link that was signed again, unless only the query
    tells two tracks apart (`get?id=1`, `get?id=2`). Entries with a link that several tracks have are for these tracks in order.
    """
    links = [str(track.source) for track in preview.tracks]
    names = track_names(list(links))
    by_link: dict[str, list[str]] = defaultdict(list)
    for link, name in zip(links, names, strict=True):
        by_link[link].append(name)
    counts = Counter(map(_without_query, by_link))
    by_address = {_without_query(link): found for link, found in by_link.items() if counts[_without_query(link)] == 1}
    changes: dict[str, TrackEffects] = {}
    for n, track in enumerate(final.tracks):
        link, field_name = str(track.source), f"trackData[{n}].trackURL"
        known = by_link.get(link) or by_address.get(_without_query(link))
        if known is None:
            raise HttpError(
                400, f"{field_name}: {redacted(link)} is not a track of this preview; its tracks: {', '.join(names)}"
            )
        unchanged = [name for name in known if name not in changes]
        if not unchanged:
            raise HttpError(400, f"{field_name}: {known[-1]} has an entry already; send one entry per track")
        changes[unchanged[0]] = TrackEffects(**{key: getattr(track, key) for key in TrackEffects.model_fields})
    return {name: effects for name, effects in changes.items() if effects != TrackEffects()}


def _without_query(link: str) -> str:
    return urlsplit(link)._replace(query="", fragment="").geturl()
