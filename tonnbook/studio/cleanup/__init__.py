"""Clean a recording of noise, hum, clicks and bleed."""
