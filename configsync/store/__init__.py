"""The database: its tables, what is read from it, and the one write path."""
