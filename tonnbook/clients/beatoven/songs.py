"""Build a `Song` from the answers of the composition service, v2 and the newer v1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tonnbook.clients.files import Files
from tonnbook.models.beatoven_wire import DirectRequest, DirectTask, InstrumentUrls, SectionOptions, SongNotes
from tonnbook.models.composition import CompositionRequest
from tonnbook.models.files import RemoteFile
from tonnbook.models.song import SectionSound, Song


def v2_song(
    ids: tuple[str, str, int],
    request: CompositionRequest | None,
    link: str,
    sections: SectionOptions,
    instruments: InstrumentUrls,
    notes: SongNotes | None,
    files: Files,
) -> Song:
    """Return a finished song of v2; `ids` are track id, task id and version. Its files are downloaded when they are first used.

    If a section has several takes, the first one is used.
    """
    track_id, task_id, version = ids
    folder = files.new_folder(f"song-{track_id[:8]}-v{version}")
    wav, midi, sheet = _extras(notes, files, track_id, version)
    parts = _sections(request, sections, instruments, notes, files, folder.name)
    stems = _remote(notes.stem_urls if notes else {}, files, f"{folder.name}-stems", ".wav")
    if not stems and len(parts) == 1:
        stems = dict(parts[0].stems)
    return Song(
        track_id=track_id,
        task_id=task_id,
        version=version,
        request=request,
        mix=files.remote_file(link, "song", folder, ".mp3"),
        sections=parts,
        stems=stems,
        wav=wav,
        midi=midi,
        midi_stems=_remote(notes.midi_stem_urls if notes else {}, files, f"{folder.name}-midi", ".mid"),
        score_file=sheet,
        notes=notes,
    )


def direct_song(task_id: str, answer: DirectTask, request: DirectRequest | None, files: Files) -> Song:
    """Return a finished song of the newer v1. `request` is None for a song that was composed in another session."""
    meta, notes = answer.meta, answer.notes
    ending = f".{request.format}" if request else ".wav"
    text = request.prompt.text if request else meta.prompt.get("text") if isinstance(meta.prompt, Mapping) else None
    composed = CompositionRequest(prompt=text) if isinstance(text, str) and text.strip() else None
    folder = files.new_folder(f"song-{(meta.track_id or task_id)[:8]}-v{meta.version}")
    wav, midi, sheet = _extras(notes, files, meta.track_id or task_id, meta.version)
    return Song(
        track_id=meta.track_id,
        task_id=task_id,
        version=meta.version,
        request=composed,
        mix=files.remote_file(meta.track_url, "song", folder, ending),
        sections=_sections(composed, (), (), notes, files, folder.name),
        stems=_remote(meta.stems_url, files, f"{folder.name}-stems", ending),
        wav=wav,
        midi=midi,
        midi_stems=_remote(notes.midi_stem_urls if notes else {}, files, f"{folder.name}-midi", ".mid"),
        score_file=sheet,
        notes=notes,
    )


def _extras(
    notes: SongNotes | None, files: Files, track_id: str, version: int
) -> tuple[RemoteFile | None, RemoteFile | None, RemoteFile | None]:
    """Return the files that only the studio offers: lossless mix, MIDI file, score."""
    if notes is None:
        return None, None, None
    folder = files.new_folder(f"song-{track_id[:8]}-v{version}-extras")
    links = ((notes.mix_url, "mix", ".wav"), (notes.midi_url, "song", ".mid"), (notes.score_url, "score", ".json"))
    wav, midi, sheet = (files.remote_file(link, name, folder, ending) if link else None for link, name, ending in links)
    return wav, midi, sheet


def _remote(links: Mapping[str, str], files: Files, label: str, ending: str) -> dict[str, RemoteFile]:
    folder = files.new_folder(label) if links else files.folder
    return {name: files.remote_file(link, name, folder, ending) for name, link in links.items() if link}


def _sections(
    request: CompositionRequest | None,
    options: SectionOptions,
    instruments: InstrumentUrls,
    notes: SongNotes | None,
    files: Files,
    label: str,
) -> tuple[SectionSound, ...]:
    """Return the sections with their files. Emotions and times come from the studio's notes, or from the request."""
    times = _section_times(request, notes, options)
    folder = files.new_folder(f"{label}-sections") if options else files.folder
    found = []
    for n, (emotion, start, length) in enumerate(times):
        take = options[n][0] if n < len(options) and options[n] else None
        rows: Sequence[Mapping[str, object]] = instruments[n] if n < len(instruments) else ()
        links = {name: stem.track_url for row in instruments[n] for name, stem in row.items()} if rows else {}
        names = take.instruments if take else notes.sections[n].instruments if notes else ()
        sound = (
            files.remote_file(take.track_url, f"section-{n + 1}", folder, ".mp3") if take and take.track_url else None
        )
        preview = (
            files.remote_file(take.preview_url, f"section-{n + 1}-preview", folder, ".mp3")
            if take and take.preview_url
            else None
        )
        stems = _remote(links, files, f"{label}-section-{n + 1}-stems", ".mp3")
        found.append(SectionSound(emotion, start, length, names, sound, preview, stems))
    return tuple(found)


def _section_times(
    request: CompositionRequest | None, notes: SongNotes | None, options: SectionOptions
) -> list[tuple[str, int, int]]:
    """Return emotion, start and length (both in ms) of each section, from the notes, the request, or the answer."""
    if notes is not None:
        return [(s.emotion, s.start_ms, s.length_ms) for s in notes.sections]
    if request is not None and request.sections:
        return [(s.emotion, s.start_ms, s.length_ms) for s in request.sections]
    found, start = [], 0
    for takes in options:
        length = takes[0].section_duration if takes else 0
        found.append(("", start, length))
        start += length
    return found
