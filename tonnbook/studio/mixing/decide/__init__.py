"""Decide a mix: pure functions from measurements to settings, each with its reason."""
