"""The bittorrent_dht table: one row per message."""

from __future__ import annotations

from columns.schema import Column
from columns.transaction import count, json_words, transaction_table, word, words

BITTORRENT_DHT = transaction_table(
    "bittorrent_dht", "BitTorrent's distributed hash table: queries, responses, errors", "BittorrentDht", __name__,
    (
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        Column("transaction", "text", "number of the query, hex, by which its answer is found", clickhouse="String",
               eve="bittorrent_dht.transaction_id"),
        words("client_version", "client and version, hex", "bittorrent_dht.client_version"),
        word("request_type", "ping, find_node, get_peers, announce_peer, or another query",
             "bittorrent_dht.request_type"),
        json_words("request", "what is asked, identifiers and tokens in hex", "bittorrent_dht.request"),
        json_words("response", "what is answered, likewise, nodes and peers with address and port",
                   "bittorrent_dht.response"),
        json_words("error", "number and text of an error", "bittorrent_dht.error"),
        words("info_hash", "torrent that is asked for or announced, hex", "sekisho.info_hash"),
    ),
)
BittorrentDht = BITTORRENT_DHT.batch
