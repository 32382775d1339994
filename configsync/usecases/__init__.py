"""What configsync does, one file a use case: each ties the parts together, none prints."""
