"""Checks of documents: their JSON Schema and the rules."""
