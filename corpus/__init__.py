"""Articles: reading files, cleaning their text, and the values that come out of it."""
