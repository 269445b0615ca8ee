"""HTTP clients for the live services and the studio."""
