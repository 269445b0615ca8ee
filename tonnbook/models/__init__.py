"""What travels: one pydantic model per request and per result."""
