"""Columns in, alerts out: the detectors and the chain they stand in."""
