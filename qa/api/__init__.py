"""The HTTP interface: its routes, and their description."""
