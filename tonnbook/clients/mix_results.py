"""From a server's answer about a finished mix to the value that a job hands over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tonnbook.clients.files import Files
from tonnbook.models.mixing import FinalMixResults, MixRequest, PreviewMixResults
from tonnbook.models.results import FinalMix, MixPreview, RemoteFile


def preview_of(task_id: str, results: PreviewMixResults, request: MixRequest | None, files: Files) -> MixPreview:
    """Return a finished preview; its files are fetched when they are asked for."""
    shelf = files.new_folder(f"preview-{task_id[:12]}")
    return MixPreview(
        task_id=task_id,
        request=request,
        mix=files.remote_file(results.mix_url, "mix", shelf, ".mp3"),
        stems=_stems(results.stem_urls, shelf / "stems", files, ".mp3"),
        unmixed=files.remote_file(results.unmixed_url, "unmixed", shelf, ".mp3") if results.unmixed_url else None,
        settings=results.settings or {},
        notes=results.notes,
    )


def final_of(task_id: str, results: FinalMixResults, files: Files) -> FinalMix:
    """Return a finished final mix; its files are fetched when they are asked for."""
    shelf = files.new_folder(f"final-{task_id[:12]}")
    return FinalMix(
        task_id=task_id,
        mix=files.remote_file(results.mix_url, "mix", shelf, ".wav"),
        stems=_stems(results.stem_urls, shelf / "stems", files, ".wav"),
        settings=results.settings or {},
        notes=results.notes,
    )


def _stems(links: Mapping[str, str] | None, shelf: Path, files: Files, ending: str) -> dict[str, RemoteFile]:
    """Return the stems by track name; a file is called after its track, without the track's own ending if that is enough."""
    links = links or {}
    short = [PurePosixPath(name).stem for name in links]
    called = {name: s if short.count(s) == 1 else name for name, s in zip(links, short, strict=True)}
    return {name: files.remote_file(link, called[name], shelf, ending) for name, link in links.items()}
