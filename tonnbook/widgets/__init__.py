"""The widgets of a notebook: forms, players and job cards. Each is a Python class with a script of the same name."""
