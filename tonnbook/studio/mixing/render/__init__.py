"""Render a mix: pure functions from settings and audio to audio."""
