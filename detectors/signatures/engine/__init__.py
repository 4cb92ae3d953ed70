"""The engine: runs the rules that the language half has read, over packets, streams and transactions."""
