"""Serve the calls over HTTP."""
