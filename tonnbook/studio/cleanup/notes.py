"""What the cleaner says of what it found in a recording, and of what it did about it, in sentences that name the numbers."""

from __future__ import annotations

from tonnbook.dsp.hum import HARMONICS, Hum
from tonnbook.models.notes import StageNotes
from tonnbook.studio.cleanup.settings import CleanupSettings


def rumble_notes(corner: float | None, level_db: float, *, done: bool) -> StageNotes:
    """Return what is said of what lies below a source: `level_db` of the whole, under the corner in Hz."""
    if corner is None:
        return StageNotes(stage="rumble", done=False, text="Not looked for: the lowest part of a drum is its own.")
    finding = f"Below {corner:.0f} Hz, where this source rarely has notes, lie {level_db:.0f} dB of the whole"
    text = f"{finding}: taken out, without moving the rest in time." if done else f"{finding}: too little to matter."
    numbers = {"level_db": round(level_db, 1), "corner_hz": corner}
    return StageNotes(stage="rumble", done=done, text=text, numbers=numbers)


def hum_notes(hum: Hum | None) -> StageNotes:
    """Return what is said of mains hum."""
    if hum is None:
        return StageNotes(stage="hum", done=False, text="No mains hum.")
    places = ", ".join(f"{n * hum.mains_hz:.0f}" for n in hum.harmonics)
    text = (
        f"Mains hum at {hum.mains_hz:.2f} Hz, heard all the time at {places} Hz: followed, up to the {HARMONICS}th "
        "harmonic, and subtracted."
    )
    numbers = {"mains_hz": round(hum.mains_hz, 3), "harmonics": float(len(hum.harmonics))}
    return StageNotes(stage="hum", done=True, text=text, numbers=numbers)


def click_notes(settings: CleanupSettings, clicks: int) -> StageNotes:
    """Return what is said of so many clicks."""
    if not settings.clicks:
        return StageNotes(stage="clicks", done=False, text="Not looked for: every hit of a drum is one.")
    text = f"{clicks} clicks, drawn anew from what lies on both sides." if clicks else "No clicks."
    return StageNotes(stage="clicks", done=clicks > 0, text=text, numbers={"clicks": float(clicks)})
