"""Render a score: from notes to the WAV files of the stems and the mix."""
