"""The RoEx Tonn service, or the studio that answers the same calls: mixes from preview to final, masters, albums, analyses.

Source of the calls: the Tonn API text and its mixing tutorial. What costs credits there is sent exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path

from tonnbook.clients.album.batch import Batch
from tonnbook.clients.album.payments import place_of
from tonnbook.clients.album.plan import AlbumPlan, Listen
from tonnbook.clients.enhancement import EnhancementCalls
from tonnbook.clients.files import Files
from tonnbook.clients.http import Http
from tonnbook.clients.inbox import WebhookInbox
from tonnbook.clients.jobs import Job
from tonnbook.clients.mastering import Album, MasteringCalls, Wishes
from tonnbook.clients.mixing import MixCalls
from tonnbook.clients.orders import Orders
from tonnbook.clients.polling import JobPoller, PollSettings
from tonnbook.clients.recombination import RecombineCalls
from tonnbook.clients.repair import Repairs
from tonnbook.clients.separation import SeparationCalls
from tonnbook.models.analysis import Analysis, AnalysisRequest
from tonnbook.models.cleanup import Cleanup, CleanupRequest
from tonnbook.models.effects import TrackEffects
from tonnbook.models.enhancement import Enhancement, EnhancementRequest
from tonnbook.models.mastering import MasteringRequest
from tonnbook.models.masters import Master
from tonnbook.models.mixing import MixRequest
from tonnbook.models.recombination import Recombination, RecombinationRequest
from tonnbook.models.results import FinalMix, MixPreview
from tonnbook.models.separation import Mode, Separation, SeparationRequest
from tonnbook.models.vocabulary import AnalysisStyle, DesiredLoudness, MusicalStyle, SampleRate, SoundSource


class TonnClient:
    """Mixes with the server at `url`.

    Parameters
    ----------
    inbox
        Its address is put into every request that names no webhook of its own; what arrives there wakes the job.
    downloads
        Where files go, and what makes a preview be found again after a restart of the kernel. Left out: a private folder that
        goes when the session ends.
    fx_settings
        Whether previews ask for FX settings unless told otherwise. They cost credits on the live service, so: no.
    polling
        How often jobs are asked after, and for how long.
    listen
        Measures a song on this machine; an album that is to hold together needs it.
    final_read_s
        How long the one call that makes a final mix may take on a server that answers it only when the mix is done.
    costs
        Whether final masters cost credits there: see `payments`. Left out: everywhere but on this machine.
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
        listen: Listen | None = None,
        http: Http | None = None,
        costs: bool | None = None,
    ) -> None:
        self._http = http or Http(url, key)
        place = place_of(url, costs)
        self._files = Files(self._http, downloads)
        self._poller = JobPoller(polling)
        self._repairs = Repairs(self._http, self._files)
        self._recombinations = RecombineCalls(self._http, self._files, self._poller)
        self._separations = SeparationCalls(self._http, self._files, self._poller)
        self._enhancements = EnhancementCalls(self._http, self._files, self._poller, inbox)
        self._masters = MasteringCalls(
            self._http, self._files, self._poller, inbox, polling or PollSettings(), listen, place
        )
        self._mixes = MixCalls(self._http, self._files, self._poller, inbox, Orders(downloads), final_read_s)
        self._fx_settings = fx_settings
        if inbox is not None:
            inbox.on_task(self._poller.wake)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._http.url

    @property
    def downloads(self) -> Path:
        """The folder that downloads go to."""
        return self._files.folder

    def health(self) -> str:
        """Return what the server says of itself; raises an error of the tree if it says nothing."""
        return self._http.get("/health").text.strip()

    def upload(self, path: str | Path, progress: Callable[[int], None] = lambda sent: None) -> str:
        """Upload a WAV, MP3 or FLAC file and return its link, which is good for an hour. It is a secret.

        `progress` is told the bytes sent so far. A file that was uploaded in the last 50 minutes is not sent again.
        """
        return self._files.upload(Path(path), progress)

    def preview_mix(self, request: MixRequest, fx_settings: bool | None = None) -> Job[MixPreview]:
        """Start a preview mix, which costs nothing; return at once. Files on this machine are uploaded in the background.

        `fx_settings` asks for what was done to each track as well. **On the live service this costs credits**, so it is off
        there by default; `offline()` turns it on. It is asked once, when the preview is ready.

        Raises TypeError, or AudioError for a file that cannot be uploaded.
        """
        return self._mixes.preview(request, self._fx(fx_settings))

    def final_mix(
        self,
        preview: MixPreview,
        changes: Mapping[str, TrackEffects] | None = None,
        *,
        return_stems: bool = False,
        sample_rate: SampleRate | int | None = None,
        create_master: bool = False,
        desired_loudness: DesiredLoudness | None = None,
    ) -> Job[FinalMix]:
        """Make the final mix of a preview; return at once. **Costs credits on the live service** and is sent exactly once.

        `changes` says by track name, "vocal" or "vocal.flac", what shall differ from the preview; every other track stays as
        it is. `sample_rate` is the preview's unless given. Save the files within the hour: their links do not live longer.

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
        """Find a preview mix again by its task id: after an interrupt, or after a restart of the kernel.

        What was ordered is remembered by this client, and beyond a restart where `downloads` was given. If it is not, hand
        in the `request` as it was sent (`preview.request`, with links in it): without it the preview can be heard and seen,
        and `final_mix` says what it lacks.
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
        """Master one song; return at once. `final=False` stops at the preview, which costs nothing.

        `song` is a file on this machine, a link, or a whole request, which then says the style and the rest. **The final master
        costs credits on the live service**; it is asked for exactly once, when the preview is ready.
        """
        request = Wishes(style, desired_loudness, sample_rate).request(song)
        return self._masters.master(request, final=final)

    def final_master(self, preview: Master) -> Job[Master]:
        """Get the final master of a preview that was made with `final=False`. **Costs credits on the live service.**"""
        return self._masters.finish(preview)

    def attach_master(self, task_id: str, *, final: bool = False) -> Job[Master]:
        """Find a master again by its task id, after an interrupt or a restart. `final=True` **costs credits** live."""
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
        """Master an album into the folder `to`, songs side by side; return at once.

        `album` is the tutorial's JSON file, or songs: requests, paths, links, or paths by name. For songs that are no requests the
        style and the rest are taken from here. One bad song never loses the others.

        **Each final master costs credits on the live service.** `final=False` stops at the previews; call it again without, and
        it goes on from there. So it does after an interrupt or a crash: what is known of each song lies in `to/manifest`, and
        nothing is mastered or charged twice.

        `coherence=True` keeps the songs' own order of loudness, and moves each toward the album's average tone (the studio
        reads both; the live service only the loudness). `at_once` songs are worked on at a time. An `executor`, such as Dask's,
        takes the songs elsewhere: its workers must reach the server and see the files.
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
        wishes = Wishes(style, desired_loudness, sample_rate)
        return self._masters.plan(album, wishes, Path(to).resolve(), coherence=coherence, final=final)

    def analyse(
        self,
        track: AnalysisRequest | str | Path,
        style: AnalysisStyle | str = AnalysisStyle.POP,
        *,
        is_master: bool = False,
    ) -> Analysis:
        """Return what is wrong with a finished mix or master. **Costs credits on the live service** and is sent exactly once.

        `track` is a file on this machine, a link, or a whole request, which then says the style and the rest. The call waits for
        the answer, some seconds.

        Raises AudioError for a file that cannot be uploaded, RequestRejected for one that the server cannot measure.
        """
        return self._repairs.analyse(track, style, is_master=is_master)

    def clean_up(
        self, recording: CleanupRequest | str | Path, sound_source: SoundSource | str = SoundSource.VOCAL
    ) -> Cleanup:
        """Have one recording of one voice or instrument freed of noise, hum, clicks and bleed.

        **Costs credits on the live service** and is sent exactly once. `recording` is a file on this machine, a link, or a whole
        request. The call waits for the answer; the cleaned file is downloaded when it is asked for.
        """
        return self._repairs.clean_up(recording, sound_source)

    def preview_enhancement(self, request: EnhancementRequest) -> Job[Enhancement]:
        """Start the preview of an enhancement, 30 s of it, which costs nothing; return at once."""
        return self._enhancements.start(request, full=False)

    def enhance(self, request: EnhancementRequest) -> Job[Enhancement]:
        """Repair and finish a whole mix; return at once. **Costs credits on the live service** and is sent exactly once.

        What was done, stage by stage, and the verdicts before and after, stand in the result's `notes`.
        """
        return self._enhancements.start(request, full=True)

    def separate(self, mix: SeparationRequest | str | Path, mode: Mode = "all_stems") -> Job[Separation]:
        """Take a mix apart: vocals, drums, bass and other, or vocals and instrumental; return at once.

        **Costs credits on the live service** and is sent exactly once. The studio's separation is classical: a rough guide, not
        isolation; its stems add up to the mix.
        """
        return self._separations.start(mix, mode)

    def recombine(self, request: RecombinationRequest, *, final: bool = False) -> Job[Recombination]:
        """Mix a voice and its backing, and master them; return at once. The preview costs nothing.

        With `final` the master is retrieved too: **that costs credits on the live service** and is asked for exactly once.
        """
        return self._recombinations.start(request, final=final)

    def attach_enhancement(self, task_id: str) -> Job[Enhancement]:
        """Find an enhancement again by its task id, preview or full."""
        return self._enhancements.attach(task_id)

    def close(self) -> None:
        """Order nothing more, stop watching jobs, and close the connections.

        A request that is on its way is not broken off: what it orders stands in an album's manifest, where a later run finds it.
        """
        self._http.stop()
        self._masters.close()
        self._poller.close()
        self._http.close()

    def __repr__(self) -> str:
        return f"TonnClient({self.url!r})"

    def _fx(self, wish: bool | None) -> bool:
        return self._fx_settings if wish is None else wish
