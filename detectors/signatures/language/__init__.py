"""Suricata's rule language: files in, validated rules out. Nothing here looks at traffic."""
