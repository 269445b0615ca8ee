"""Files from the user's own computer: dropped on a page, and sent to the kernel."""
