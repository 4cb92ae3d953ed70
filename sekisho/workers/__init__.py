"""Workers: processes that look into what is said, each into that of its share of the hosts.

Every worker reads the captures and follows the flows by itself, which is cheap, and hands what was said in its share
to the one process that judges and keeps it. What comes out does not depend on how many they are.
"""
