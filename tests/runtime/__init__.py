"""Tests of what applications import: they read while everything around them fails."""
