"""Signal processing: pure functions and block-by-block processors on arrays of shape (channels, frames)."""
