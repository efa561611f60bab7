"""Answering questions from an index: settings, answers, citations, the service and the command line."""
