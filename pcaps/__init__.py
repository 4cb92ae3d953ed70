"""Capture scenarios of a fictional city of three zones: generators, manifest, expected alerts."""
