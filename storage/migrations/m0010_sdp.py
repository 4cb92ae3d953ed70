"""What SDP says in the bodies of SIP."""

from storage.migrations.migration import Migration

MIGRATION = Migration(10, "descriptions of sessions (SDP) in SIP", tables=("sip",))
