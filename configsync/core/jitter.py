"""Chance for pauses, so that those who wait together don't come back together."""

from random import SystemRandom

uniform = SystemRandom().uniform
"""A number between two. The application's own generator isn't touched, whose sequence it may have
seeded, and forked processes don't get the same numbers."""
