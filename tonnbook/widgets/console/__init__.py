"""The mixing console: the form of a final mix, heard at once."""
