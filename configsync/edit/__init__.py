"""Writing YAML that people keep: new documents, and edits that touch nothing else."""
