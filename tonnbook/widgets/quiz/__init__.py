"""A quiz to answer by clicking."""
