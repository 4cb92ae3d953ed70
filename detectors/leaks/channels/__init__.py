"""Channels that carry what they should not."""
