"""A server of our own on 127.0.0.1 that answers the same calls and does the audio."""
