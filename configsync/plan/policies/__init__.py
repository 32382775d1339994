"""Policies of a team: what its plans must not do; see `configsync.plan.policy` for our own."""
