"""What those bring who come from Suricata: its configuration file, read, and taken over into the settings here."""
