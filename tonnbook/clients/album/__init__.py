"""Master an album."""
