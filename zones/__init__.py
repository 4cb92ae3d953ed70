"""Zones and conduits: a policy file becomes a validated policy and lookup columns."""
