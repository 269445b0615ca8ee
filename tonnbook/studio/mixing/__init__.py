"""Mix tracks: a preview, and a final mix with changes."""
