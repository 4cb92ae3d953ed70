"""Frames in, columns out: captures, decode, flow table."""
