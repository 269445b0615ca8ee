"""Forms that build requests."""
