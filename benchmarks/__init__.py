"""Benchmarks: deterministic captures, whole processes measured beside their peers, floors judged."""
