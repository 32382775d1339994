"""Markdown as GitHub and GitLab show it: building blocks, and one file a view."""
