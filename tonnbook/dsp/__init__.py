"""Pure functions on arrays shaped (channels, frames)."""
