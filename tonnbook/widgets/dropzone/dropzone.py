"""`DropZone`: sound files from the user's own computer, and the base class of all widgets that files can be dropped on."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from html import escape
from pathlib import Path
from threading import RLock
from typing import Any, Self

import traitlets

from tonnbook.errors import AudioError
from tonnbook.models.vocabulary import InstrumentGroup
from tonnbook.sound_files import Sounds, name_of, sound_files, unique_name, unpack
from tonnbook.widgets.dropzone.receiver import Receiver, ReceiverLimits
from tonnbook.widgets.forms.instruments import guess_instrument
from tonnbook.widgets.page import PageWidget, html, script, style, table


class FileTarget(PageWidget):
    """A widget that files can be dropped on. They are sent to the kernel, into a private temporary folder that is removed at exit."""

    limits: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """What the page checks before it sends a file: endings, bytes, seconds, number of files."""

    _receiver: Receiver | None = None

    def __init__(self, **traits: Any) -> None:
        self._limits = ReceiverLimits()
        super().__init__(limits=vars(self._limits) | {"endings": list(self._limits.endings)}, **traits)
        self.on_msg(self._on_page_message)

    @property
    def folder(self) -> Path:
        """The folder of the received files; only its owner can read it."""
        return self._ready_receiver().folder

    def _received(self, files: list[Path]) -> None:
        """Take files that arrived together: one, or those of a zip archive. An AudioError refuses them."""
        raise NotImplementedError

    def _ready_receiver(self) -> Receiver:
        if self._receiver is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="tonnbook-files-", ignore_cleanup_errors=True)
            self._receiver = Receiver(Path(self._temporary.name), self._complete, self._limits)
        return self._receiver

    def _on_page_message(self, _: object, message: dict[str, Any], buffers: list[memoryview]) -> None:
        if message.get("kind") in ("offer", "chunk", "cancel") and (
            answer := self._ready_receiver().handle(message, buffers)
        ):
            self.send(answer)

    def _complete(self, _key: str, path: Path) -> None:
        """Check a whole file, unpack an archive, and hand the files on."""
        receiver = self._ready_receiver()
        if path.suffix.lower() != ".zip":
            files = [path]
        else:
            files = unpack(path, path.parent, lambda size: receiver.check_space(path.name, size))
            path.unlink()
        try:
            for file in files:
                _check(file, self._limits.seconds)
            self._received(files)
        except AudioError:
            for file in files:
                file.unlink(missing_ok=True)
            raise


class DropZone(FileTarget):
    """A place for sound files: drop WAV, FLAC or MP3 files, a folder or a zip archive on it, or choose them.

    The files are sent to the kernel, wherever it runs, and are in `files` as soon as they are complete. A connection that is cut
    does no harm: sending continues where it stopped. Forms and players take the drop zone itself, and a form follows it.

    Parameters
    ----------
    title
        What to drop.
    example
        Files that are used until some are dropped: a folder, a list, a mapping or a zip archive.

    >>> drop = tb.DropZone()
    >>> tb.MixBuilder(drop)
    """

    _esm = script("dropzone/upload", "dropzone/dropzone")
    _css = style("dropzone/upload", "dropzone/dropzone")

    title = traitlets.Unicode("").tag(sync=True)
    items: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """The received files as the page displays them: name, size and what is known of each."""
    example: traitlets.List[str] = traitlets.List().tag(sync=True)
    """Names of the files that are used until some are dropped."""

    def __init__(self, title: str = "Drop your sound files here", *, example: Sounds | None = None) -> None:
        self._files: dict[str, Path] = {}
        self._example = {n: f for n, f in sound_files(example or {}).items() if isinstance(f, Path)}
        self._lock = RLock()
        super().__init__(title=title, example=list(self._example))

    @property
    def files(self) -> Mapping[str, Path]:
        """The files by name, in the order in which they arrived; those of the example if there are none."""
        return dict(self._files) or dict(self._example)

    @property
    def example_files(self) -> Mapping[str, Path]:
        """The files of the example by name."""
        return dict(self._example)

    @property
    def dropped(self) -> bool:
        """Whether files have been dropped, so that `files` are not the example's."""
        return bool(self._files)

    @property
    def guesses(self) -> Mapping[str, InstrumentGroup | None]:
        """The instrument that each file name suggests, by name; None where it suggests none."""
        return {name: guess_instrument(name) for name in self.files}

    def remove(self, name: str) -> Self:
        """Delete a received file; files of the example stay. Raises KeyError for an unknown name."""
        with self._lock:
            path = self._files.pop(name)
            path.unlink(missing_ok=True)
            self._show()
        return self

    def clear(self) -> Self:
        """Delete all received files, and those that are being received."""
        with self._lock:
            self._ready_receiver().close()
            for name in list(self._files):
                self.remove(name)
        return self

    def plain(self) -> str:
        """Return the drop zone in one line of text."""
        count = f"{len(self.files)} file{'' if len(self.files) == 1 else 's'}"
        return f"DropZone({count}{'' if self.dropped or not self._example else ' of the example'})"

    def static_html(self) -> str:
        """Return the names of the files as an HTML table."""
        rows = [{"name": item["name"], "note": item["note"]} for item in self.items]
        return html("div", html("b", escape(self.title)), table({"name": "File", "note": "Length, instrument"}, rows))

    def _on_page_message(self, _: object, message: dict[str, Any], buffers: list[memoryview]) -> None:
        super()._on_page_message(_, message, buffers)
        if message.get("kind") == "remove" and message.get("name") in self._files:
            self.remove(message["name"])

    def _received(self, files: list[Path]) -> None:
        with self._lock:
            if len(self._files) + len(files) > self._limits.files:
                raise AudioError(f"{self._limits.files} files are allowed; there are {len(self._files)} already.")
            for file in files:
                self._files[unique_name(name_of(file), self._files)] = file
            self._show()

    def _show(self) -> None:
        self.items = [
            {"name": name, "size": file.stat().st_size, "note": _note(name, file)} for name, file in self._files.items()
        ]


def _note(name: str, file: Path) -> str:
    """Return the length and the guessed instrument of a file as text."""
    from tonnbook import audio_files

    seconds = round(audio_files.info(file).seconds)
    guess = guess_instrument(name)
    return f"{seconds // 60}:{seconds % 60:02d}, {f'{guess.label} (guessed)' if guess else 'instrument unknown'}"


def _check(file: Path, most_seconds: float) -> None:
    """Raise AudioError if a file is not a sound of an allowed length."""
    from tonnbook import audio_files

    seconds = audio_files.info(file).seconds
    if not 0 < seconds <= most_seconds:
        raise AudioError(
            f"{file.name} is {seconds / 60:.1f} minutes long; at most {most_seconds / 60:.0f} are allowed."
        )
