"""tonnbook."""
