"""From files to resolved documents: scan, read, follow references."""
