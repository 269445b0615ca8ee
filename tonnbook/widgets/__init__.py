"""Forms and players: Python beside the .js of the same name."""
