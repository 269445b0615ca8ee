"""Request and response types: one pydantic model for each request and each answer."""
