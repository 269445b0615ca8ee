"""Read a composition prompt."""
