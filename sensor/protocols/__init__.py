"""Payload becomes meaning: which protocol a conversation speaks, and what was said in it."""
