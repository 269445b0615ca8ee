"""Master a song to a loudness and a style."""
