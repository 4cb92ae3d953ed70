"""What the engine can evaluate, in the words of language.needs."""

CAPABILITIES = None
