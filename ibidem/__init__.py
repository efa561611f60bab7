"""A client for Ibidem's HTTP interface."""
