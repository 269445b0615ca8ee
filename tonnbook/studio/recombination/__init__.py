"""Recombine a voice and its backing into a master."""
