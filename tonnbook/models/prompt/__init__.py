"""Read a composition prompt: `reader.read_prompt` returns a `PromptReading`."""
