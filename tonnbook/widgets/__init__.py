"""What a notebook shows: forms, players and job cards, each a small Python class beside its script of the same name."""
