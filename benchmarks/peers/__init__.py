"""Peers: other ways to read the same capture, each a process of its own that prints one JSON object."""
