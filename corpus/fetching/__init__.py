"""Fetching pages from the web, kept as they came, and feeds of them."""
