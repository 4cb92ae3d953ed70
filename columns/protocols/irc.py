"""The irc table: one row per command of the client that says who it is, where it goes, or sends a file."""

from __future__ import annotations

from columns.transaction import transaction_table, word, words

IRC = transaction_table(
    "irc", "IRC: NICK, USER, JOIN, PART, TOPIC, QUIT and files offered by DCC; a password is never kept",
    "Irc", __name__,
    (
        word("command", "command in upper case; DCC for a file that is offered", "irc.command"),
        words("nick", "nickname of the client so far", "irc.nick"),
        words("user", "user name of the client so far", "irc.user"),
        words("value", "first parameter: nick, user, channel, target of DCC", "irc.value"),
        words("additional", "what follows: real name, reason, topic, file", "irc.additional"),
    ),
)
Irc = IRC.batch
