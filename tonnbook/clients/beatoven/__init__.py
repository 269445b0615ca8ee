"""Client of the Beatoven service."""
