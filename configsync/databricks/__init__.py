"""A Databricks workspace: what it has, and Lakebase, the PostgreSQL that it runs.

Its library takes seconds to load, so this package loads it when a workspace is
asked and not before. `configsync.databricks.errors` lists what is raised.
"""
