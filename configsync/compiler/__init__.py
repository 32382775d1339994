"""The compiler's front: from a project's files to its desired state and every finding."""
