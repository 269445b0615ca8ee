"""play: a player for one sound, for stems, or for the songs of an album."""

from __future__ import annotations

from tonnbook.models.masters import Masters
from tonnbook.widgets.player.compare import switch
from tonnbook.widgets.player.player import LETTERS, Excerpt, Player, overload, prepared
from tonnbook.widgets.player.sources import Thing, sources
from tonnbook.widgets.player.static_html import SECONDS, excerpt, loudest_start
from tonnbook.widgets.player.tracks import measured


def play(thing: Thing | Masters, *, rate: int | None = None, title: str | None = None) -> Player:
    """Return a player for a sound, or for several in sync with solo, mute and volume for each.

    Parameters
    ----------
    thing
        A path, an array (channels, frames) with `rate` in Hz, a file on a server, a mix or a song (its stems, if it has any; a
        song's sections are marked), a master, or a mapping from names to such. Of an album the previews: one at a time, to switch
        between, each as loud as it stands in the album.
    title
        Stands above; the name of the sound by default.

    Raises TypeError for what cannot be played, AudioError for a file that cannot be read.
    """
    if isinstance(thing, Masters):
        return _album(thing, title)
    found = sources(thing, rate, title or "sound")
    ready, total, rate = prepared(found)
    several = len(found) > 1
    sum_track = measured("all together", total, rate) if several else None
    start = loudest_start(total, rate, SECONDS)
    name = title or ("all together" if several else found[0].name)
    return Player(
        "stems" if several else "one",
        ready,
        found,
        [Excerpt(name, excerpt(total, rate, start, SECONDS))],
        title=title if title is not None else "" if several else found[0].name,
        note=overload(sum_track or ready[0][0]),
        total=sum_track,
        markers=getattr(thing, "markers", ()),
    )


def _album(masters: Masters, title: str | None) -> Player:
    previews = {song.name: song.preview for song in masters}
    if not previews:
        raise TypeError("there is no finished master to play: no song of the album has come through")
    if len(previews) > len(LETTERS):
        raise TypeError(
            f"{len(previews)} songs are too many for one player: play(masters[:{len(LETTERS)}]), then the others"
        )
    if len(previews) == 1:
        return play(previews, title=title)
    return switch(previews, matched=False, title=title or "")
