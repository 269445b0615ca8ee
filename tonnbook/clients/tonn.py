"""TonnClient: the calls of the RoEx Tonn service, or of the studio, which answers the same calls.

Source of the calls: the Tonn API text and its mixing tutorial. What costs credits there is sent exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path

from tonnbook.clients.album.batch import Batch
from tonnbook.clients.album.payments import billing_server_of
from tonnbook.clients.album.plan import Album, AlbumMastering, AlbumPlan, MeasureSong
from tonnbook.clients.album.record import LOCAL
from tonnbook.clients.base import UploadCalls
from tonnbook.clients.enhancement import EnhancementCalls
from tonnbook.clients.files import Files
from tonnbook.clients.http import Http
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.jobs import Job
from tonnbook.clients.mastering import MasteringCalls, mastering_request
from tonnbook.clients.mixing import MixCalls
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.clients.repair import RepairCalls
from tonnbook.clients.separation import RecombinationCalls, SeparationCalls
from tonnbook.models.analysis import Analysis, AnalysisRequest
from tonnbook.models.cleanup import Cleanup, CleanupRequest
from tonnbook.models.effects import TrackEffects
from tonnbook.models.enhancement import Enhancement, EnhancementRequest
from tonnbook.models.files import Uploaded, Uploads
from tonnbook.models.mastering import MasteringRequest
from tonnbook.models.masters import Master
from tonnbook.models.mixing import FinalMix, MixPreview, MixRequest
from tonnbook.models.recombination import Recombination, RecombinationRequest
from tonnbook.models.separation import Mode, Separation, SeparationRequest
from tonnbook.models.vocabulary import AnalysisStyle, DesiredLoudness, MusicalStyle, SampleRate, SoundSource
from tonnbook.sound_files import Sounds


class TonnClient:
    """Mixes, masters and repairs with the server at `url`. Every call returns a job at once: `await` it, or use `result()`.

    In all calls, `final=True`, the default, gets the final result, which costs credits on the live service, and `final=False`
    stops at the preview, which costs nothing. What costs credits is sent exactly once. The `attach` methods find a job again by
    its task id, after an interrupt or a restart of the kernel; analyses, cleanups and final mixes have no id to find them by.

    Parameters
    ----------
    inbox
        Its address is set in every request that names no webhook; a webhook that arrives there has its job polled at once.
    downloads
        The folder for downloads; previews of mixes can be found again after a restart of the kernel if it is given. None: a
        temporary folder that is removed at exit.
    fx_settings
        Default of `fx_settings` for previews. They cost credits on the live service.
    polling
        How often jobs are polled, and for how long.
    final_read_s
        How long the one call that makes a final mix may take on a server that answers only when the mix is done.
    measure_song
        Measures a song on this machine; a coherent album needs it.
    charges_credits
        Whether the server charges for final masters: see `payments`. None: every server but one on this machine does.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        inbox: WebhookInbox | None = None,
        downloads: Path | None = None,
        fx_settings: bool = False,
        polling: PollSettings | None = None,
        final_read_s: float = 1800.0,
        measure_song: MeasureSong | None = None,
        charges_credits: bool | None = None,
    ) -> None:
        self._http = Http(url, key)
        self._files = Files(self._http, downloads)
        self._poller = JobPoller(polling)
        family = (self._http, self._files, self._poller, inbox)
        self._uploads = UploadCalls(*family)
        self._mixes = MixCalls(*family, downloads, final_read_s, self)
        self._masters = MasteringCalls(*family)
        self._repairs = RepairCalls(*family)
        self._enhancements = EnhancementCalls(*family)
        self._separations = SeparationCalls(*family)
        self._recombinations = RecombinationCalls(*family)
        self._albums = AlbumMastering(
            self._http,
            self._poller,
            polling or PollSettings(),
            measure_song,
            billing_server_of(url, charges_credits),
        )
        self.fx_settings = fx_settings
        """Default of `fx_settings` for previews."""
        self.charges_credits = billing_server_of(url, charges_credits) != LOCAL
        """Whether the server charges credits."""
        if inbox is not None:
            inbox.on_task(self._poller.wake)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._http.url

    @property
    def downloads(self) -> Path:
        """The folder for downloads."""
        return self._files.folder

    def health(self) -> str:
        """Return the text of the server's health check; raises TonnbookError where it does not answer."""
        return self._http.get("/health").text.strip()

    def upload(self, path: str | Path, progress: Callable[[int], None] = lambda sent: None) -> str:
        """Upload a WAV, MP3 or FLAC file and return its link, which is valid for an hour. It is a secret.

        `progress` is called with the number of bytes sent so far. A file that was uploaded in the last 50 minutes is not sent
        again.
        """
        return self._files.upload(Path(path), progress)

    def upload_all(self, sounds: Uploads | Sounds) -> Job[Uploaded]:
        """Upload several files in the background: a folder, a zip archive, a list, a mapping or a drop zone. Costs nothing.

        The result has the link of each file by its name, `result["kick.wav"]`. Raises AudioError for a file that cannot be uploaded.
        """
        return self._uploads.upload(sounds)

    def preview_mix(self, request: MixRequest, fx_settings: bool | None = None) -> Job[MixPreview]:
        """Start a preview mix, which costs nothing. Files on this machine are uploaded in the background.

        `fx_settings` requests the settings of each track's effects too. **On the live service this costs credits**, so it is
        off there by default; `offline()` turns it on. They are requested once, when the preview is ready.

        Raises TypeError, or AudioError for a file that cannot be uploaded.
        """
        return self._mixes.preview(request, self._fx(fx_settings))

    def final_mix(
        self,
        preview: MixPreview,
        changes: Mapping[str, TrackEffects] | None = None,
        *,
        return_stems: bool = False,
        sample_rate: SampleRate | int | str | None = None,
        create_master: bool | None = None,
        desired_loudness: DesiredLoudness | str | None = None,
    ) -> Job[FinalMix]:
        """Make the final mix of a preview. **Costs credits on the live service** and is sent exactly once.

        `changes` gives the changed effects by track name, "vocal" or "vocal.flac"; every other track stays as in the preview.
        `sample_rate`, `create_master` and `desired_loudness` None are the preview's. Save the files within the hour, when their links expire.

        Raises ValueError for a track that the preview does not have, or a preview whose track links are not known here.
        """
        return self._mixes.final(
            preview,
            changes,
            return_stems=return_stems,
            sample_rate=sample_rate,
            create_master=create_master,
            desired_loudness=desired_loudness,
        )

    def attach(
        self, task_id: str, request: MixRequest | None = None, fx_settings: bool | None = None
    ) -> Job[MixPreview]:
        """Find a preview mix again by its task id.

        This client remembers its requests, and after a restart too if `downloads` was given. Otherwise pass the `request` as it
        was sent (`preview.request`, with links in it): without it the preview can be played and plotted, but `final_mix` needs
        the links.
        """
        return self._mixes.attach(task_id, request, self._fx(fx_settings))

    def master(
        self,
        song: MasteringRequest | str | Path,
        style: MusicalStyle | str = MusicalStyle.POP,
        desired_loudness: DesiredLoudness | str = DesiredLoudness.MEDIUM,
        *,
        sample_rate: SampleRate | int | str = SampleRate.CD,
        final: bool = True,
    ) -> Job[Master]:
        """Master one song. `final=False` stops at the preview, which costs nothing.

        `song` is a file on this machine, a link, or a whole request, which then has the style and the rest. **The final master
        costs credits on the live service**; it is requested exactly once, when the preview is ready.
        """
        settings = {"style": style, "desired_loudness": desired_loudness, "sample_rate": sample_rate}
        return self._masters.master(mastering_request(song, settings), final=final)

    def final_master(self, preview: Master) -> Job[Master]:
        """Get the final master of a preview that was made with `final=False`. **Costs credits on the live service.**"""
        return self._masters.finish(preview)

    def attach_master(self, task_id: str, *, final: bool = True) -> Job[Master]:
        """Find a master again by its task id. `final=True` **costs credits on the live service**, once for each task."""
        return self._masters.attach(task_id, final=final)

    def master_all(
        self,
        album: Album,
        to: str | Path = "final_masters",
        *,
        style: MusicalStyle | str = MusicalStyle.POP,
        desired_loudness: DesiredLoudness | str = DesiredLoudness.MEDIUM,
        sample_rate: SampleRate | int | str = SampleRate.CD,
        coherence: bool = False,
        final: bool = True,
        at_once: int = 4,
        executor: Executor | None = None,
    ) -> Batch:
        """Master an album into the folder `to`, several songs in parallel.

        `album` is the tutorial's JSON file, or songs: requests, paths, links, paths by name, or a folder or zip archive of them. `style`, `desired_loudness` and
        `sample_rate` are for the songs that are not requests. A song that fails affects no other.

        **Each final master costs credits on the live service.** `final=False` stops at the previews; call it again with True, and
        it continues from there, as it does after an interrupt or a crash: what is known of each song is in `to/manifest`, and
        nothing is mastered or charged twice. A master with other settings is not overwritten: it is moved to `to/earlier`.

        `coherence=True` keeps the songs' order of loudness, and moves each toward the album's average tone (the studio reads
        both; the live service only the loudness). `at_once` songs are mastered at a time. An `executor`, such as Dask's, runs
        the songs on its workers, which must reach the server and see the files.
        """
        plan = self.plan_all(
            album,
            to,
            style=style,
            desired_loudness=desired_loudness,
            sample_rate=sample_rate,
            coherence=coherence,
            final=final,
        )
        return plan.start(at_once=at_once, executor=executor)

    def plan_all(
        self,
        album: Album,
        to: str | Path = "final_masters",
        *,
        style: MusicalStyle | str = MusicalStyle.POP,
        desired_loudness: DesiredLoudness | str = DesiredLoudness.MEDIUM,
        sample_rate: SampleRate | int | str = SampleRate.CD,
        coherence: bool = False,
        final: bool = True,
    ) -> AlbumPlan:
        """Return what `master_all` would do, without sending anything: `plan.due` names the songs that it would pay for.

        `plan.start()` does it, and pays for no other song.
        """
        settings = {"style": style, "desired_loudness": desired_loudness, "sample_rate": sample_rate}
        return self._albums.plan(album, settings, Path(to).resolve(), coherence=coherence, final=final)

    def analyse(
        self,
        track: AnalysisRequest | str | Path,
        style: AnalysisStyle | str = AnalysisStyle.POP,
        *,
        is_master: bool = False,
    ) -> Job[Analysis]:
        """Find faults in a finished mix or master. **Costs credits on the live service** and is sent exactly once.

        `track` is a file on this machine, a link, or a whole request, which then has the style and the rest. The answer takes
        some seconds.

        Raises AudioError for a file that cannot be uploaded; the job fails with RequestRejected for one that the server cannot
        measure.
        """
        return self._repairs.analyse(track, style, is_master=is_master)

    def clean_up(
        self, recording: CleanupRequest | str | Path, sound_source: SoundSource | str = SoundSource.VOCAL
    ) -> Job[Cleanup]:
        """Remove noise, hum, clicks and bleed from a recording of one voice or instrument.

        **Costs credits on the live service** and is sent exactly once. `recording` is a file on this machine, a link, or a whole
        request. The cleaned file is downloaded when it is first used.
        """
        return self._repairs.clean_up(recording, sound_source)

    def preview_enhancement(self, request: EnhancementRequest) -> Job[Enhancement]:
        """Start the preview of an enhancement, 30 s of it, which costs nothing."""
        return self._enhancements.start(request, full=False)

    def enhance(self, request: EnhancementRequest) -> Job[Enhancement]:
        """Repair and finish a whole mix. **Costs credits on the live service** and is sent exactly once.

        The result's `notes` have what was done in each stage, and the verdicts before and after.
        """
        return self._enhancements.start(request, full=True)

    def attach_enhancement(self, task_id: str) -> Job[Enhancement]:
        """Find an enhancement again by its task id, preview or full."""
        return self._enhancements.attach(task_id)

    def separate(self, mix: SeparationRequest | str | Path, mode: Mode = "all_stems") -> Job[Separation]:
        """Separate a mix into vocals, drums, bass and other, or into vocals and instrumental.

        **Costs credits on the live service** and is sent exactly once. The studio's separation is classical: a rough guide, not
        isolation; its stems add up to the mix.
        """
        return self._separations.start(mix, mode)

    def attach_separation(self, task_id: str) -> Job[Separation]:
        """Find a separation again by its task id."""
        return self._separations.attach(task_id)

    def recombine(self, request: RecombinationRequest, *, final: bool = True) -> Job[Recombination]:
        """Mix a voice and its backing, and master them. `final=False` stops at the preview, which costs nothing.

        **The final master costs credits on the live service**; it is requested exactly once, when the preview is ready.
        """
        return self._recombinations.start(request, final=final)

    def attach_recombination(self, task_id: str, *, final: bool = True) -> Job[Recombination]:
        """Find a recombination again by its task id. `final=True` **costs credits on the live service**."""
        return self._recombinations.attach(task_id, final=final)

    def close(self) -> None:
        """Order nothing more, stop polling jobs, and close the connections.

        A request that is being sent is not aborted: what it orders is recorded in an album's manifest, where a later run finds it.
        """
        self._http.stop()
        self._albums.close()
        self._poller.close()
        self._http.close()

    def __repr__(self) -> str:
        return f"TonnClient({self.url!r})"

    def _fx(self, requested: bool | None) -> bool:
        return self.fx_settings if requested is None else requested
