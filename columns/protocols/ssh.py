"""The SSH table: one row per connection."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words


def _side(name: str) -> tuple:
    other = "HASSH" if name == "client" else "HASSHServer"
    return (
        word(f"{name}_proto_version", f"protocol version of the {name}", f"ssh.{name}.proto_version"),
        words(f"{name}_software_version", f"software of the {name}", f"ssh.{name}.software_version"),
        words(f"{name}_hassh_hash", f"MD5 of {name}_hassh_string", f"ssh.{name}.hassh.hash"),
        words(f"{name}_hassh_string", f"{other}: key exchange, ciphers, MACs, compressions of the {name}",
              f"ssh.{name}.hassh.string"),
        words(f"{name}_comments", f"what follows the software in the {name}'s banner", f"sekisho.ssh.{name}_comments"),
        json_words(f"{name}_host_key_algorithms", f"host key algorithms of the {name}, in order",
                   f"sekisho.ssh.{name}_host_key_algorithms"),
    )


SSH = transaction_table(
    "ssh", "SSH connections: banners, algorithms, host key", "Ssh", __name__, (
        *_side("client"), *_side("server"),
        word("kex", "key exchange that both agree upon", "sekisho.ssh.kex"),
        word("host_key_algorithm", "host key algorithm that both agree upon", "sekisho.ssh.host_key_algorithm"),
        word("cipher", "cipher from client to server", "sekisho.ssh.cipher"),
        word("mac", "MAC from client to server (of no meaning where the cipher has its own)", "sekisho.ssh.mac"),
        word("compression", "compression from client to server", "sekisho.ssh.compression"),
        words("host_key", "the server's host key: SHA256: and base64, as OpenSSH shows it", "sekisho.ssh.host_key"),
        count("established", "1 = encryption began on both sides", "sekisho.ssh.established", dtype="uint8"),
    ),
)
"""Connections."""

Ssh = SSH.batch
