"""Plans: changes brought in order and held against the policies."""
