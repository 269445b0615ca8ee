"""Write the score of a song: from a plan to notes, and from notes to MIDI."""
