"""What was made, as one zip archive on the user's own computer."""
