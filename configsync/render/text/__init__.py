"""Text for people at a terminal, one file a view."""
