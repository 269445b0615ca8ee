"""Talk to a server, any server: the live services or the studio."""
