"""HTML for a browser: building blocks, and one file a view."""
