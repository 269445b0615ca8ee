"""From a finished mix to what is said about it: the answers of the retrieve calls and the body of the webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tonnbook.models.mixing import FinalMixAnswer, FinalMixResults, PreviewMixAnswer, PreviewMixResults
from tonnbook.models.vocabulary import CREDITS
from tonnbook.studio.runtime.storage import Storage, StoredFile, TaskFolder

if TYPE_CHECKING:  # at run time the engine is loaded in the background
    from tonnbook.studio.mixing.engine import MixOutcome
    from tonnbook.studio.mixing.tracks import TrackFile


@dataclass(frozen=True)
class Rendered:
    """A finished mix, the tracks it was made from, and its files in the library."""

    task_folder: TaskFolder
    tracks: tuple[TrackFile, ...]
    outcome: MixOutcome
    mix: StoredFile
    stems: Mapping[str, StoredFile]
    unmixed: StoredFile | None


def take_in(storage: Storage, task_folder: TaskFolder, tracks: tuple[TrackFile, ...], outcome: MixOutcome) -> Rendered:
    """Enter the files of a mix, which stand on `shelf`, into the library."""
    stems = {name: storage.add(path) for name, path in outcome.stems.items()}
    unmixed = storage.add(outcome.unmixed) if outcome.unmixed else None
    return Rendered(task_folder, tracks, outcome, storage.add(outcome.mix), stems, unmixed)


def preview_answer(rendered: Rendered, storage: Storage, *, fx_settings: bool) -> PreviewMixAnswer:
    """Return the answer of /retrievepreviewmix, with links that are good for an hour from now."""
    results = PreviewMixResults(
        mix_url=storage.link(rendered.mix),
        stem_urls=_stem_links(rendered, storage),
        unmixed_url=storage.link(rendered.unmixed) if rendered.unmixed else None,
        settings=rendered.outcome.settings if fx_settings else None,
        notes=rendered.outcome.notes,
    )
    return PreviewMixAnswer(results=results)


def final_answer(rendered: Rendered, storage: Storage) -> FinalMixAnswer:
    """Return the answer of /retrievefinalmix, with links that are good for an hour from now."""
    results = FinalMixResults(
        mix_url=storage.link(rendered.mix),
        stem_urls=_stem_links(rendered, storage),
        settings=rendered.outcome.settings,
        notes=rendered.outcome.notes.model_copy(update={"credits_live": CREDITS["final_mix"]}),
    )
    return FinalMixAnswer(results=results)


def links_of(answer: PreviewMixAnswer | FinalMixAnswer) -> dict[str, Any]:
    """Return the result fields that travel in a webhook: the links, and no settings, which cost credits live."""
    wire = answer.results.to_wire()
    return {key: value for key, value in wire.items() if key.startswith("download_url") or key == "stems"}


def _stem_links(rendered: Rendered, storage: Storage) -> dict[str, str] | None:
    return {name: storage.link(file) for name, file in rendered.stems.items()} or None
