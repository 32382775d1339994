"""Renderers: pure functions from what was found to text, one place a format."""
