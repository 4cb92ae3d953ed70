"""Signatures: rules in Suricata's language; `language` reads them, `engine` runs them."""
