"""Repair a finished mix and master it."""
