"""Compose a song from a prompt or parameters."""
