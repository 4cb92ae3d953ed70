"""Zones and conduits: a policy file becomes a validated policy, lookup columns, and a verdict for each flow."""
