"""Audio players and comparisons."""
