"""Analyse a recording: measures, verdicts and advice."""
