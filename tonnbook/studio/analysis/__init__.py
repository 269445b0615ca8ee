"""Analyse a recording and say what is wrong with it."""
