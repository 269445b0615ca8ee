"""Separate a mix into stems."""
