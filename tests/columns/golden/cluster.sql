CREATE TABLE IF NOT EXISTS runs_local ON CLUSTER `sekisho`
(
    run_id String,
    revision UInt64,
    kind Enum8('replay' = 0, 'live' = 1),
    sensor String,
    site String,
    status Enum8('running' = 0, 'complete' = 1, 'interrupted' = 2),
    attempt UInt32,
    captures Array(String),
    started_at DateTime64(3, 'UTC'),
    finished_at DateTime64(3, 'UTC'),
    keep_days UInt16,
    packets UInt64,
    bytes UInt64,
    version String,
    config_digest String,
    policy_digest String,
    digest String,
    rows Map(String, UInt64)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/runs', '{replica}', revision)
ORDER BY (run_id)
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS alert_action_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    alert_id UInt64,
    at DateTime64(3, 'UTC'),
    actor LowCardinality(String),
    action Enum8('acknowledged' = 1, 'in_progress' = 2, 'closed' = 3, 'false_positive' = 4, 'reopened' = 5, 'comment' = 6),
    comment String
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/alert_action', '{replica}')
PARTITION BY run_id
ORDER BY (run_id, alert_id, at)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS schema_migrations_local ON CLUSTER `sekisho`
(
    number UInt32,
    name String,
    step String,
    at DateTime64(3, 'UTC')
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/schema_migrations', '{replica}')
ORDER BY (number, at)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS flow_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(T64),
    part UInt32 CODEC(T64, ZSTD),
    ts_start_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    ts_end_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(T64, ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    icmp_type UInt8 CODEC(ZSTD),
    icmp_code UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    vlan_inner UInt16 CODEC(ZSTD),
    src_mac UInt64 CODEC(ZSTD),
    dst_mac UInt64 CODEC(ZSTD),
    tunnel Enum8('none' = 0, 'ipip' = 1, 'sixin4' = 2, 'gre' = 3, 'vxlan' = 4, 'teredo' = 5, 'ip6_in_ip6' = 6, 'icmp_quote' = 7, 'geneve' = 8, 'gtp' = 9) CODEC(ZSTD),
    tunnel_depth UInt8 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    pkts_toserver UInt64 CODEC(T64, ZSTD),
    pkts_toclient UInt64 CODEC(T64, ZSTD),
    bytes_toserver UInt64 CODEC(T64, ZSTD),
    bytes_toclient UInt64 CODEC(T64, ZSTD),
    payload_bytes_toserver UInt64 CODEC(T64, ZSTD),
    payload_bytes_toclient UInt64 CODEC(T64, ZSTD),
    fragments UInt32 CODEC(T64, ZSTD),
    tcp_flags_toserver UInt8 CODEC(ZSTD),
    tcp_flags_toclient UInt8 CODEC(ZSTD),
    tcp_state Enum8('none' = 0, 'syn_sent' = 1, 'syn_received' = 2, 'established' = 3, 'closing' = 4, 'closed' = 5, 'reset' = 6, 'midstream' = 7, 'one_sided' = 8) CODEC(ZSTD),
    ttl_toserver UInt8 CODEC(ZSTD),
    ttl_toclient UInt8 CODEC(ZSTD),
    direction_certainty Enum8('guessed' = 0, 'biflow' = 1, 'syn_seen' = 2) CODEC(ZSTD),
    outcome Enum8('unknown' = 0, 'attempted' = 1, 'established' = 2) CODEC(ZSTD),
    end_reason Enum8('active_timeout' = 0, 'idle_timeout' = 1, 'tcp_fin' = 2, 'tcp_reset' = 3, 'evicted' = 4, 'end_of_input' = 5, 'clock_reset' = 6, 'reused' = 7) CODEC(ZSTD),
    verdict Enum8('not_judged' = 0, 'permitted' = 1, 'permitted_excess' = 2, 'out_of_hours' = 3, 'wrong_initiator' = 4, 'wrong_app' = 5, 'unsanitized' = 6, 'expired_conduit' = 7, 'no_conduit' = 8, 'wrong_segment' = 9, 'unattributed' = 10) CODEC(ZSTD),
    conduit LowCardinality(String) CODEC(ZSTD),
    app_proto Enum8('unknown' = 0, 'dns' = 1, 'tls' = 2, 'http' = 3, 'smtp' = 4, 'ftp' = 5, 'ftp_data' = 6, 'ssh' = 7, 'smb' = 8, 'rdp' = 9, 'dhcp' = 10, 'ntp' = 11, 'snmp' = 12, 'krb5' = 13, 'ldap' = 14, 'tftp' = 15, 'sip' = 16, 'irc' = 17, 'modbus' = 18, 'dnp3' = 19, 'quic' = 20, 'http2' = 21, 'pop3' = 22, 'imap' = 23, 'dcerpc' = 24, 'telnet' = 25, 'rfb' = 26, 'mqtt' = 27, 'pgsql' = 28, 'bittorrent_dht' = 29, 'ike' = 30, 'enip' = 31, 'failed' = 127) CODEC(ZSTD),
    first_packet UInt64 CODEC(T64, ZSTD),
    duration_ns Int64 ALIAS dateDiff('nanosecond', ts_start_ns, ts_end_ns),
    is_ipv4 Bool ALIAS src_ip BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255') AND dst_ip BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'),
    icmp_answer Int16 ALIAS CASE WHEN proto = 1 THEN transform(icmp_type, [8, 13, 15, 10, 17, 0, 14, 16, 9, 18], [0, 14, 16, 9, 18, 8, 13, 15, 10, 17], -1) WHEN proto = 58 THEN transform(icmp_type, [128, 130, 133, 135, 139, 144, 129, 131, 134, 136, 140, 145], [129, 131, 134, 136, 140, 145, 128, 130, 133, 135, 139, 144], -1) ELSE 0 END,
    hashed_ends Array(String) ALIAS if(icmp_answer < 0, [concat(substring(unhex(hex(src_ip)), if(is_ipv4, 13, 1)), multiIf(proto IN (6, 17, 132), char(intDiv(src_port, 256), src_port % 256), proto IN (1, 58), char(0, icmp_type), '')), concat(substring(unhex(hex(dst_ip)), if(is_ipv4, 13, 1)), multiIf(proto IN (6, 17, 132), char(intDiv(dst_port, 256), dst_port % 256), proto IN (1, 58), char(0, if(icmp_answer < 0, icmp_code, icmp_answer)), ''))], arraySort([concat(substring(unhex(hex(src_ip)), if(is_ipv4, 13, 1)), multiIf(proto IN (6, 17, 132), char(intDiv(src_port, 256), src_port % 256), proto IN (1, 58), char(0, icmp_type), '')), concat(substring(unhex(hex(dst_ip)), if(is_ipv4, 13, 1)), multiIf(proto IN (6, 17, 132), char(intDiv(dst_port, 256), dst_port % 256), proto IN (1, 58), char(0, if(icmp_answer < 0, icmp_code, icmp_answer)), ''))])),
    community_id String ALIAS concat('1:', base64Encode(SHA1(concat(char(0, 0), left(hashed_ends[1], if(is_ipv4, 4, 16)), left(hashed_ends[2], if(is_ipv4, 4, 16)), char(proto, 0), substring(hashed_ends[1], if(is_ipv4, 4, 16) + 1), substring(hashed_ends[2], if(is_ipv4, 4, 16) + 1))))),
    INDEX flow_id_index flow_id TYPE bloom_filter(0.1) GRANULARITY 1,
    INDEX ts_start_ns_index ts_start_ns TYPE minmax GRANULARITY 1,
    INDEX src_ip_index src_ip TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX dst_ip_index dst_ip TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX verdict_index verdict TYPE set(0) GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/flow', '{replica}')
PARTITION BY (run_id, toYYYYMMDD(inserted_at))
PRIMARY KEY (run_id, intDiv(toUnixTimestamp64Second(ts_start_ns), 3600), src_zone, dst_zone, proto, dst_port)
ORDER BY (run_id, intDiv(toUnixTimestamp64Second(ts_start_ns), 3600), src_zone, dst_zone, proto, dst_port, src_ip, dst_ip, ts_start_ns, flow_id, part)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS alert_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    alert_id UInt64 CODEC(T64, ZSTD),
    revision UInt32 CODEC(T64, ZSTD),
    state Enum8('single' = 0, 'started' = 1, 'ongoing' = 2, 'ended' = 3) CODEC(ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    start_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    end_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    peak_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    detector LowCardinality(String) CODEC(ZSTD),
    gid UInt32 CODEC(ZSTD),
    signature_id UInt32 CODEC(ZSTD),
    rev UInt32 CODEC(ZSTD),
    signature LowCardinality(String) CODEC(ZSTD),
    signature_ja LowCardinality(String) CODEC(ZSTD),
    category LowCardinality(String) CODEC(ZSTD),
    severity Enum8('critical' = 1, 'high' = 2, 'medium' = 3, 'low' = 4) CODEC(ZSTD),
    property Enum8('confidentiality' = 0, 'integrity' = 1, 'availability' = 2) CODEC(ZSTD),
    technique LowCardinality(String) CODEC(ZSTD),
    clause LowCardinality(String) CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    dst_prefix_bits UInt8 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    flow_id UInt64 CODEC(T64, ZSTD),
    packet_number UInt64 CODEC(T64, ZSTD),
    direction_certainty Enum8('guessed' = 0, 'biflow' = 1, 'syn_seen' = 2) CODEC(ZSTD),
    verdict Enum8('not_judged' = 0, 'permitted' = 1, 'permitted_excess' = 2, 'out_of_hours' = 3, 'wrong_initiator' = 4, 'wrong_app' = 5, 'unsanitized' = 6, 'expired_conduit' = 7, 'no_conduit' = 8, 'wrong_segment' = 9, 'unattributed' = 10) CODEC(ZSTD),
    outcome Enum8('unknown' = 0, 'attempted' = 1, 'established' = 2) CODEC(ZSTD),
    conduit LowCardinality(String) CODEC(ZSTD),
    measured Float64 CODEC(ZSTD),
    peak Float64 CODEC(ZSTD),
    threshold Float64 CODEC(ZSTD),
    measure LowCardinality(String) CODEC(ZSTD),
    events UInt64 CODEC(T64, ZSTD),
    action LowCardinality(String) CODEC(ZSTD),
    metadata String CODEC(ZSTD),
    references String CODEC(ZSTD),
    context String CODEC(ZSTD),
    why String CODEC(ZSTD),
    why_ja String CODEC(ZSTD),
    runbook LowCardinality(String) CODEC(ZSTD),
    policy_digest LowCardinality(String) CODEC(ZSTD),
    config_digest LowCardinality(String) CODEC(ZSTD),
    ruleset_digest LowCardinality(String) CODEC(ZSTD),
    INDEX alert_id_index alert_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ts_ns_index ts_ns TYPE minmax GRANULARITY 1,
    INDEX start_ns_index start_ns TYPE minmax GRANULARITY 1,
    INDEX src_ip_index src_ip TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX dst_ip_index dst_ip TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/alert', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, intDiv(toUnixTimestamp64Second(start_ns), 3600), alert_id, revision)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS sensor_health_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    stage LowCardinality(String) CODEC(ZSTD),
    cause LowCardinality(String) CODEC(ZSTD),
    value UInt64 CODEC(T64, ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/sensor_health', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, stage, cause)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS coverage_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_from_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    ts_until_ns DateTime64(9, 'UTC') CODEC(GCD, T64, ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    state Enum8('not_observed' = 0, 'partly' = 1, 'observed' = 2) CODEC(ZSTD),
    cause Enum8('none' = 0, 'no_sensor' = 1, 'silence' = 2, 'drops' = 3, 'one_sided' = 4) CODEC(ZSTD),
    minutes UInt32 CODEC(T64, ZSTD),
    flows UInt64 CODEC(T64, ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/coverage', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, src_zone, dst_zone, ts_from_ns)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS dns_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    variant LowCardinality(String) CODEC(ZSTD),
    message_type LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    id UInt16 CODEC(ZSTD),
    flags UInt16 CODEC(ZSTD),
    opcode UInt8 CODEC(ZSTD),
    rcode LowCardinality(String) CODEC(ZSTD),
    rrname String CODEC(ZSTD),
    rrtype LowCardinality(String) CODEC(ZSTD),
    rrclass UInt16 CODEC(ZSTD),
    queries String CODEC(ZSTD),
    answers String CODEC(ZSTD),
    grouped String CODEC(ZSTD),
    authorities String CODEC(ZSTD),
    additionals String CODEC(ZSTD),
    queries_said UInt16 CODEC(ZSTD),
    answers_said UInt16 CODEC(ZSTD),
    authorities_said UInt16 CODEC(ZSTD),
    additionals_said UInt16 CODEC(ZSTD),
    message_bytes UInt16 CODEC(ZSTD),
    matched UInt8 CODEC(ZSTD),
    rtt_ns Int64 CODEC(ZSTD),
    flaw LowCardinality(String) CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/dns', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS tls_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    version LowCardinality(String) CODEC(ZSTD),
    sni String CODEC(ZSTD),
    subject String CODEC(ZSTD),
    issuerdn String CODEC(ZSTD),
    serial String CODEC(ZSTD),
    fingerprint String CODEC(ZSTD),
    notbefore String CODEC(ZSTD),
    notafter String CODEC(ZSTD),
    subjectaltname String CODEC(ZSTD),
    session_resumed Bool CODEC(ZSTD),
    client_subject String CODEC(ZSTD),
    client_issuerdn String CODEC(ZSTD),
    client_serial String CODEC(ZSTD),
    client_fingerprint String CODEC(ZSTD),
    client_notbefore String CODEC(ZSTD),
    client_notafter String CODEC(ZSTD),
    ja3_hash String CODEC(ZSTD),
    ja3_string String CODEC(ZSTD),
    ja3s_hash String CODEC(ZSTD),
    ja3s_string String CODEC(ZSTD),
    ja4 String CODEC(ZSTD),
    client_alpns String CODEC(ZSTD),
    server_alpns String CODEC(ZSTD),
    client_version LowCardinality(String) CODEC(ZSTD),
    client_ciphers String CODEC(ZSTD),
    client_exts String CODEC(ZSTD),
    client_sig_algs String CODEC(ZSTD),
    server_version LowCardinality(String) CODEC(ZSTD),
    server_cipher UInt16 CODEC(ZSTD),
    server_exts String CODEC(ZSTD),
    from_proto LowCardinality(String) CODEC(ZSTD),
    cipher LowCardinality(String) CODEC(ZSTD),
    named_group LowCardinality(String) CODEC(ZSTD),
    client_groups String CODEC(ZSTD),
    client_session_id String CODEC(ZSTD),
    server_session_id String CODEC(ZSTD),
    resumption_offered LowCardinality(String) CODEC(ZSTD),
    resumption LowCardinality(String) CODEC(ZSTD),
    hello_retry UInt8 CODEC(ZSTD),
    hellos_seen LowCardinality(String) CODEC(ZSTD),
    established UInt8 CODEC(ZSTD),
    alerts String CODEC(ZSTD),
    chain String CODEC(ZSTD),
    chain_certificates UInt16 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/tls', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS quic_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    version LowCardinality(String) CODEC(ZSTD),
    sni String CODEC(ZSTD),
    ua String CODEC(ZSTD),
    cyu String CODEC(ZSTD),
    ja3_hash String CODEC(ZSTD),
    ja3_string String CODEC(ZSTD),
    ja3s_hash String CODEC(ZSTD),
    ja3s_string String CODEC(ZSTD),
    ja4 String CODEC(ZSTD),
    extensions String CODEC(ZSTD),
    version_name LowCardinality(String) CODEC(ZSTD),
    sender LowCardinality(String) CODEC(ZSTD),
    alpns String CODEC(ZSTD),
    cipher LowCardinality(String) CODEC(ZSTD),
    named_group LowCardinality(String) CODEC(ZSTD),
    tls_version LowCardinality(String) CODEC(ZSTD),
    client_dcid String CODEC(ZSTD),
    client_scid String CODEC(ZSTD),
    server_scid String CODEC(ZSTD),
    retries UInt16 CODEC(ZSTD),
    resumed UInt8 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/quic', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS http_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    hostname String CODEC(ZSTD),
    http_port UInt16 CODEC(ZSTD),
    url String CODEC(ZSTD),
    url_normalized String CODEC(ZSTD),
    http_method LowCardinality(String) CODEC(ZSTD),
    protocol LowCardinality(String) CODEC(ZSTD),
    response_protocol LowCardinality(String) CODEC(ZSTD),
    status UInt16 CODEC(ZSTD),
    status_text String CODEC(ZSTD),
    http_user_agent String CODEC(ZSTD),
    http_refer String CODEC(ZSTD),
    http_content_type LowCardinality(String) CODEC(ZSTD),
    request_content_type LowCardinality(String) CODEC(ZSTD),
    redirect String CODEC(ZSTD),
    content_range String CODEC(ZSTD),
    length UInt64 CODEC(ZSTD),
    xff String CODEC(ZSTD),
    server LowCardinality(String) CODEC(ZSTD),
    origin String CODEC(ZSTD),
    username String CODEC(ZSTD),
    content_encoding LowCardinality(String) CODEC(ZSTD),
    request_headers String CODEC(ZSTD),
    response_headers String CODEC(ZSTD),
    trailers String CODEC(ZSTD),
    file_names String CODEC(ZSTD),
    request_body_bytes UInt64 CODEC(ZSTD),
    response_body_bytes UInt64 CODEC(ZSTD),
    response_entity_bytes UInt64 CODEC(ZSTD),
    interim UInt16 CODEC(ZSTD),
    request_ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    seen LowCardinality(String) CODEC(ZSTD),
    anomalies String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/http', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS fileinfo_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    app_proto LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    file_tx_id UInt32 CODEC(ZSTD),
    filename String CODEC(ZSTD),
    file_type LowCardinality(String) CODEC(ZSTD),
    mime_type LowCardinality(String) CODEC(ZSTD),
    hints String CODEC(ZSTD),
    size UInt64 CODEC(ZSTD),
    gaps UInt8 CODEC(ZSTD),
    state LowCardinality(String) CODEC(ZSTD),
    stored UInt8 CODEC(ZSTD),
    md5 String CODEC(ZSTD),
    sha1 String CODEC(ZSTD),
    sha256 String CODEC(ZSTD),
    http String CODEC(ZSTD),
    smtp String CODEC(ZSTD),
    email String CODEC(ZSTD),
    smb String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/fileinfo', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS smtp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    helo String CODEC(ZSTD),
    mail_from String CODEC(ZSTD),
    rcpt_to String CODEC(ZSTD),
    rejected String CODEC(ZSTD),
    banner String CODEC(ZSTD),
    reply_code UInt16 CODEC(ZSTD),
    auth LowCardinality(String) CODEC(ZSTD),
    auth_outcome LowCardinality(String) CODEC(ZSTD),
    starttls UInt8 CODEC(ZSTD),
    status LowCardinality(String) CODEC(ZSTD),
    email_from String CODEC(ZSTD),
    email_to String CODEC(ZSTD),
    email_cc String CODEC(ZSTD),
    email_bcc String CODEC(ZSTD),
    reply_to String CODEC(ZSTD),
    subject String CODEC(ZSTD),
    date String CODEC(ZSTD),
    message_id String CODEC(ZSTD),
    x_mailer String CODEC(ZSTD),
    user_agent String CODEC(ZSTD),
    x_originating_ip String CODEC(ZSTD),
    content_type String CODEC(ZSTD),
    received String CODEC(ZSTD),
    attachment String CODEC(ZSTD),
    url String CODEC(ZSTD),
    subject_md5 LowCardinality(String) CODEC(ZSTD),
    body_md5 LowCardinality(String) CODEC(ZSTD),
    message_bytes UInt64 CODEC(ZSTD),
    seen LowCardinality(String) CODEC(ZSTD),
    anomalies String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/smtp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS smb_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    id UInt32 CODEC(ZSTD),
    dialect LowCardinality(String) CODEC(ZSTD),
    command LowCardinality(String) CODEC(ZSTD),
    status LowCardinality(String) CODEC(ZSTD),
    status_code LowCardinality(String) CODEC(ZSTD),
    session_id UInt64 CODEC(ZSTD),
    tree_id UInt32 CODEC(ZSTD),
    client_dialects String CODEC(ZSTD),
    client_guid String CODEC(ZSTD),
    server_guid String CODEC(ZSTD),
    max_read_size UInt32 CODEC(ZSTD),
    max_write_size UInt32 CODEC(ZSTD),
    ntlmssp_domain String CODEC(ZSTD),
    ntlmssp_user String CODEC(ZSTD),
    ntlmssp_host String CODEC(ZSTD),
    ntlmssp_version LowCardinality(String) CODEC(ZSTD),
    kerberos_realm String CODEC(ZSTD),
    kerberos_snames String CODEC(ZSTD),
    request_native_os LowCardinality(String) CODEC(ZSTD),
    request_native_lm LowCardinality(String) CODEC(ZSTD),
    response_native_os LowCardinality(String) CODEC(ZSTD),
    response_native_lm LowCardinality(String) CODEC(ZSTD),
    share String CODEC(ZSTD),
    share_type LowCardinality(String) CODEC(ZSTD),
    named_pipe String CODEC(ZSTD),
    service_request LowCardinality(String) CODEC(ZSTD),
    service_response LowCardinality(String) CODEC(ZSTD),
    filename String CODEC(ZSTD),
    directory String CODEC(ZSTD),
    disposition LowCardinality(String) CODEC(ZSTD),
    access LowCardinality(String) CODEC(ZSTD),
    desired_access UInt32 CODEC(ZSTD),
    created Int64 CODEC(ZSTD),
    accessed Int64 CODEC(ZSTD),
    modified Int64 CODEC(ZSTD),
    changed Int64 CODEC(ZSTD),
    size UInt64 CODEC(ZSTD),
    fuid String CODEC(ZSTD),
    rename_from String CODEC(ZSTD),
    rename_to String CODEC(ZSTD),
    set_info_class LowCardinality(String) CODEC(ZSTD),
    set_info_level LowCardinality(String) CODEC(ZSTD),
    function LowCardinality(String) CODEC(ZSTD),
    dcerpc String CODEC(ZSTD),
    transferred_bytes UInt64 CODEC(ZSTD),
    seen LowCardinality(String) CODEC(ZSTD),
    request_ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/smb', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS krb5_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    msg_type LowCardinality(String) CODEC(ZSTD),
    failed_request LowCardinality(String) CODEC(ZSTD),
    error_code LowCardinality(String) CODEC(ZSTD),
    cname String CODEC(ZSTD),
    realm String CODEC(ZSTD),
    sname String CODEC(ZSTD),
    encryption LowCardinality(String) CODEC(ZSTD),
    weak_encryption Bool CODEC(ZSTD),
    ticket_encryption LowCardinality(String) CODEC(ZSTD),
    ticket_weak_encryption Bool CODEC(ZSTD),
    requested_encryption String CODEC(ZSTD),
    preauthentication LowCardinality(String) CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/krb5', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS ldap_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    request String CODEC(ZSTD),
    responses String CODEC(ZSTD),
    operation LowCardinality(String) CODEC(ZSTD),
    object String CODEC(ZSTD),
    filter String CODEC(ZSTD),
    result LowCardinality(String) CODEC(ZSTD),
    authentication LowCardinality(String) CODEC(ZSTD),
    user String CODEC(ZSTD),
    response_count UInt32 CODEC(ZSTD),
    response_bytes UInt64 CODEC(ZSTD),
    seen LowCardinality(String) CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/ldap', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS ftp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    command LowCardinality(String) CODEC(ZSTD),
    command_data String CODEC(ZSTD),
    command_truncated UInt8 CODEC(ZSTD),
    reply String CODEC(ZSTD),
    completion_code String CODEC(ZSTD),
    reply_truncated UInt8 CODEC(ZSTD),
    reply_received LowCardinality(String) CODEC(ZSTD),
    mode LowCardinality(String) CODEC(ZSTD),
    dynamic_port UInt16 CODEC(ZSTD),
    user String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/ftp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS ftp_data_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    command LowCardinality(String) CODEC(ZSTD),
    filename String CODEC(ZSTD),
    mode LowCardinality(String) CODEC(ZSTD),
    data_ip String CODEC(ZSTD),
    data_port UInt16 CODEC(ZSTD),
    reply_code UInt16 CODEC(ZSTD),
    user String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/ftp_data', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS ssh_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    client_proto_version LowCardinality(String) CODEC(ZSTD),
    client_software_version String CODEC(ZSTD),
    client_hassh_hash String CODEC(ZSTD),
    client_hassh_string String CODEC(ZSTD),
    client_comments String CODEC(ZSTD),
    client_host_key_algorithms String CODEC(ZSTD),
    server_proto_version LowCardinality(String) CODEC(ZSTD),
    server_software_version String CODEC(ZSTD),
    server_hassh_hash String CODEC(ZSTD),
    server_hassh_string String CODEC(ZSTD),
    server_comments String CODEC(ZSTD),
    server_host_key_algorithms String CODEC(ZSTD),
    kex LowCardinality(String) CODEC(ZSTD),
    host_key_algorithm LowCardinality(String) CODEC(ZSTD),
    cipher LowCardinality(String) CODEC(ZSTD),
    mac LowCardinality(String) CODEC(ZSTD),
    compression LowCardinality(String) CODEC(ZSTD),
    host_key String CODEC(ZSTD),
    established UInt8 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/ssh', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS rdp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    event_type LowCardinality(String) CODEC(ZSTD),
    cookie String CODEC(ZSTD),
    flags String CODEC(ZSTD),
    server_supports String CODEC(ZSTD),
    protocol LowCardinality(String) CODEC(ZSTD),
    error_code UInt32 CODEC(ZSTD),
    reason LowCardinality(String) CODEC(ZSTD),
    client_version LowCardinality(String) CODEC(ZSTD),
    desktop_width UInt16 CODEC(ZSTD),
    desktop_height UInt16 CODEC(ZSTD),
    color_depth UInt8 CODEC(ZSTD),
    keyboard_layout LowCardinality(String) CODEC(ZSTD),
    build LowCardinality(String) CODEC(ZSTD),
    client_name String CODEC(ZSTD),
    keyboard_type LowCardinality(String) CODEC(ZSTD),
    keyboard_subtype UInt32 CODEC(ZSTD),
    function_keys UInt32 CODEC(ZSTD),
    ime String CODEC(ZSTD),
    product_id UInt16 CODEC(ZSTD),
    serial_number UInt32 CODEC(ZSTD),
    capabilities String CODEC(ZSTD),
    client_id String CODEC(ZSTD),
    connection_hint LowCardinality(String) CODEC(ZSTD),
    physical_width UInt32 CODEC(ZSTD),
    physical_height UInt32 CODEC(ZSTD),
    desktop_orientation UInt16 CODEC(ZSTD),
    scale_factor UInt32 CODEC(ZSTD),
    device_scale_factor UInt32 CODEC(ZSTD),
    channels String CODEC(ZSTD),
    requested_protocols String CODEC(ZSTD),
    client_build UInt32 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/rdp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS sip_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    method LowCardinality(String) CODEC(ZSTD),
    uri String CODEC(ZSTD),
    version LowCardinality(String) CODEC(ZSTD),
    request_line String CODEC(ZSTD),
    code LowCardinality(String) CODEC(ZSTD),
    reason String CODEC(ZSTD),
    response_line String CODEC(ZSTD),
    call_id String CODEC(ZSTD),
    from_uri String CODEC(ZSTD),
    to_uri String CODEC(ZSTD),
    contact String CODEC(ZSTD),
    via String CODEC(ZSTD),
    user_agent String CODEC(ZSTD),
    content_type LowCardinality(String) CODEC(ZSTD),
    body_bytes UInt32 CODEC(ZSTD),
    sdp String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/sip', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS irc_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    command LowCardinality(String) CODEC(ZSTD),
    nick String CODEC(ZSTD),
    user String CODEC(ZSTD),
    value String CODEC(ZSTD),
    additional String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/irc', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS dhcp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    message_type LowCardinality(String) CODEC(ZSTD),
    dhcp_type LowCardinality(String) CODEC(ZSTD),
    id UInt32 CODEC(ZSTD),
    client_mac String CODEC(ZSTD),
    client_ip String CODEC(ZSTD),
    assigned_ip String CODEC(ZSTD),
    next_server_ip String CODEC(ZSTD),
    relay_ip String CODEC(ZSTD),
    requested_ip String CODEC(ZSTD),
    server_ip String CODEC(ZSTD),
    hostname String CODEC(ZSTD),
    domain String CODEC(ZSTD),
    vendor_class String CODEC(ZSTD),
    client_id String CODEC(ZSTD),
    subnet_mask String CODEC(ZSTD),
    routers String CODEC(ZSTD),
    dns_servers String CODEC(ZSTD),
    lease_time_s UInt32 CODEC(ZSTD),
    renewal_time_s UInt32 CODEC(ZSTD),
    rebinding_time_s UInt32 CODEC(ZSTD),
    params String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/dhcp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS ntp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    version UInt8 CODEC(ZSTD),
    mode LowCardinality(String) CODEC(ZSTD),
    leap LowCardinality(String) CODEC(ZSTD),
    stratum UInt8 CODEC(ZSTD),
    poll UInt8 CODEC(ZSTD),
    precision Int64 CODEC(ZSTD),
    root_delay_us Int64 CODEC(ZSTD),
    root_dispersion_us Int64 CODEC(ZSTD),
    reference_id String CODEC(ZSTD),
    reference_time_ns Int64 CODEC(ZSTD),
    origin_time_ns Int64 CODEC(ZSTD),
    receive_time_ns Int64 CODEC(ZSTD),
    transmit_time_ns Int64 CODEC(ZSTD),
    operation UInt8 CODEC(ZSTD),
    message_bytes UInt16 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/ntp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS snmp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    version UInt8 CODEC(ZSTD),
    community String CODEC(ZSTD),
    pdu_type LowCardinality(String) CODEC(ZSTD),
    vars String CODEC(ZSTD),
    trap_oid String CODEC(ZSTD),
    trap_address String CODEC(ZSTD),
    trap_type LowCardinality(String) CODEC(ZSTD),
    usm String CODEC(ZSTD),
    engine_id String CODEC(ZSTD),
    security LowCardinality(String) CODEC(ZSTD),
    request_id Int64 CODEC(ZSTD),
    error_status UInt32 CODEC(ZSTD),
    message_bytes UInt32 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/snmp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS tftp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    packet LowCardinality(String) CODEC(ZSTD),
    file String CODEC(ZSTD),
    mode LowCardinality(String) CODEC(ZSTD),
    options String CODEC(ZSTD),
    error_code UInt16 CODEC(ZSTD),
    error String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/tftp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS modbus_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    id UInt32 CODEC(ZSTD),
    request String CODEC(ZSTD),
    response String CODEC(ZSTD),
    function LowCardinality(String) CODEC(ZSTD),
    function_code UInt8 CODEC(ZSTD),
    access LowCardinality(String) CODEC(ZSTD),
    unit_id UInt8 CODEC(ZSTD),
    exception LowCardinality(String) CODEC(ZSTD),
    seen LowCardinality(String) CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/modbus', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS dnp3_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    type LowCardinality(String) CODEC(ZSTD),
    control String CODEC(ZSTD),
    src UInt16 CODEC(ZSTD),
    dst UInt16 CODEC(ZSTD),
    application String CODEC(ZSTD),
    indicators String CODEC(ZSTD),
    iin UInt16 CODEC(ZSTD),
    function LowCardinality(String) CODEC(ZSTD),
    answers LowCardinality(String) CODEC(ZSTD),
    message_bytes UInt32 CODEC(ZSTD),
    to_server Bool CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/dnp3', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS mqtt_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    messages String CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    type LowCardinality(String) CODEC(ZSTD),
    client_id String CODEC(ZSTD),
    username String CODEC(ZSTD),
    topic String CODEC(ZSTD),
    payload_bytes UInt32 CODEC(ZSTD),
    qos UInt8 CODEC(ZSTD),
    retain Bool CODEC(ZSTD),
    protocol_version UInt8 CODEC(ZSTD),
    reason_code UInt8 CODEC(ZSTD),
    seen LowCardinality(String) CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/mqtt', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS dcerpc_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    call String CODEC(ZSTD),
    request LowCardinality(String) CODEC(ZSTD),
    response LowCardinality(String) CODEC(ZSTD),
    interface String CODEC(ZSTD),
    opnum UInt16 CODEC(ZSTD),
    request_bytes UInt32 CODEC(ZSTD),
    response_bytes UInt32 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/dcerpc', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS pgsql_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    request String CODEC(ZSTD),
    response String CODEC(ZSTD),
    number UInt32 CODEC(ZSTD),
    type LowCardinality(String) CODEC(ZSTD),
    user String CODEC(ZSTD),
    database String CODEC(ZSTD),
    query String CODEC(ZSTD),
    command String CODEC(ZSTD),
    error_code LowCardinality(String) CODEC(ZSTD),
    rows UInt64 CODEC(ZSTD),
    row_bytes UInt64 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/pgsql', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS pop3_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    request String CODEC(ZSTD),
    response String CODEC(ZSTD),
    command LowCardinality(String) CODEC(ZSTD),
    user String CODEC(ZSTD),
    status LowCardinality(String) CODEC(ZSTD),
    reply_bytes UInt64 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/pop3', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS rfb_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    server_version String CODEC(ZSTD),
    client_version String CODEC(ZSTD),
    authentication String CODEC(ZSTD),
    shared String CODEC(ZSTD),
    framebuffer String CODEC(ZSTD),
    security_type UInt32 CODEC(ZSTD),
    result LowCardinality(String) CODEC(ZSTD),
    screen String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/rfb', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS bittorrent_dht_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    transaction String CODEC(ZSTD),
    client_version String CODEC(ZSTD),
    request_type LowCardinality(String) CODEC(ZSTD),
    request String CODEC(ZSTD),
    response String CODEC(ZSTD),
    error String CODEC(ZSTD),
    info_hash String CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/bittorrent_dht', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS ike_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    version_major UInt8 CODEC(ZSTD),
    version_minor UInt8 CODEC(ZSTD),
    exchange_type UInt8 CODEC(ZSTD),
    exchange LowCardinality(String) CODEC(ZSTD),
    message_id UInt32 CODEC(ZSTD),
    init_spi String CODEC(ZSTD),
    resp_spi String CODEC(ZSTD),
    role LowCardinality(String) CODEC(ZSTD),
    encrypted Bool CODEC(ZSTD),
    payload String CODEC(ZSTD),
    alg_enc LowCardinality(String) CODEC(ZSTD),
    alg_hash LowCardinality(String) CODEC(ZSTD),
    alg_auth LowCardinality(String) CODEC(ZSTD),
    alg_dh LowCardinality(String) CODEC(ZSTD),
    ikev1 String CODEC(ZSTD),
    ikev2 String CODEC(ZSTD),
    message_bytes UInt32 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/ike', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS enip_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    request String CODEC(ZSTD),
    response String CODEC(ZSTD),
    command LowCardinality(String) CODEC(ZSTD),
    status LowCardinality(String) CODEC(ZSTD),
    session UInt32 CODEC(ZSTD),
    service LowCardinality(String) CODEC(ZSTD),
    product String CODEC(ZSTD),
    seen LowCardinality(String) CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/enip', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS anomaly_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    type LowCardinality(String) CODEC(ZSTD),
    event LowCardinality(String) CODEC(ZSTD),
    layer LowCardinality(String) CODEC(ZSTD),
    app_proto LowCardinality(String) CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/anomaly', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS arp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    hw_type LowCardinality(String) CODEC(ZSTD),
    proto_type LowCardinality(String) CODEC(ZSTD),
    opcode LowCardinality(String) CODEC(ZSTD),
    sender_mac UInt64 CODEC(ZSTD),
    target_mac UInt64 CODEC(ZSTD),
    gratuitous UInt8 CODEC(ZSTD),
    spoofed UInt8 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/arp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS icmp_local ON CLUSTER `sekisho`
(
    run_id LowCardinality(String),
    sensor LowCardinality(String),
    site LowCardinality(String),
    keep_days UInt16 CODEC(ZSTD),
    inserted_at DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD),
    ts_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD),
    flow_id UInt64 CODEC(LZ4),
    tx_id UInt32 CODEC(T64, LZ4),
    packet_number UInt64 CODEC(ZSTD),
    src_ip IPv6 CODEC(ZSTD),
    dst_ip IPv6 CODEC(ZSTD),
    src_port UInt16 CODEC(ZSTD),
    dst_port UInt16 CODEC(ZSTD),
    proto UInt8 CODEC(ZSTD),
    vlan UInt16 CODEC(ZSTD),
    src_zone LowCardinality(String) CODEC(ZSTD),
    dst_zone LowCardinality(String) CODEC(ZSTD),
    to_server UInt8 CODEC(ZSTD),
    type UInt8 CODEC(ZSTD),
    code UInt8 CODEC(ZSTD),
    kind LowCardinality(String) CODEC(ZSTD),
    identifier UInt16 CODEC(ZSTD),
    sequence UInt16 CODEC(ZSTD),
    mtu_bytes UInt32 CODEC(ZSTD),
    target_ip IPv6 CODEC(ZSTD),
    payload_bytes UInt32 CODEC(ZSTD),
    quoted_flow_id UInt64 CODEC(ZSTD),
    quoted_proto UInt8 CODEC(ZSTD),
    quoted_src_port UInt16 CODEC(ZSTD),
    quoted_dst_port UInt16 CODEC(ZSTD),
    quoted_dst_ip IPv6 CODEC(ZSTD)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/icmp', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, flow_id, tx_id)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS traffic_1m_local ON CLUSTER `sekisho`
(
    bucket DateTime('UTC') CODEC(ZSTD),
    run_id LowCardinality(String),
    site LowCardinality(String),
    sensor LowCardinality(String),
    src_zone LowCardinality(String),
    dst_zone LowCardinality(String),
    proto UInt8 CODEC(ZSTD),
    app LowCardinality(String),
    dst_port UInt16 CODEC(ZSTD),
    verdict Enum8('not_judged' = 0, 'permitted' = 1, 'permitted_excess' = 2, 'out_of_hours' = 3, 'wrong_initiator' = 4, 'wrong_app' = 5, 'unsanitized' = 6, 'expired_conduit' = 7, 'no_conduit' = 8, 'wrong_segment' = 9, 'unattributed' = 10) CODEC(ZSTD),
    conduit LowCardinality(String),
    outcome Enum8('unknown' = 0, 'attempted' = 1, 'established' = 2) CODEC(ZSTD),
    flows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    packets_toserver SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    packets_toclient SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_toserver SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_toclient SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    keep_days SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    inserted_at SimpleAggregateFunction(max, DateTime) CODEC(ZSTD)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/traffic_1m', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (bucket, run_id, site, sensor, src_zone, dst_zone, proto, app, dst_port, verdict, conduit, outcome)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS traffic_1h_local ON CLUSTER `sekisho`
(
    bucket DateTime('UTC') CODEC(ZSTD),
    run_id LowCardinality(String),
    site LowCardinality(String),
    sensor LowCardinality(String),
    src_zone LowCardinality(String),
    dst_zone LowCardinality(String),
    proto UInt8 CODEC(ZSTD),
    app LowCardinality(String),
    dst_port UInt16 CODEC(ZSTD),
    verdict Enum8('not_judged' = 0, 'permitted' = 1, 'permitted_excess' = 2, 'out_of_hours' = 3, 'wrong_initiator' = 4, 'wrong_app' = 5, 'unsanitized' = 6, 'expired_conduit' = 7, 'no_conduit' = 8, 'wrong_segment' = 9, 'unattributed' = 10) CODEC(ZSTD),
    conduit LowCardinality(String),
    outcome Enum8('unknown' = 0, 'attempted' = 1, 'established' = 2) CODEC(ZSTD),
    flows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    packets_toserver SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    packets_toclient SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_toserver SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_toclient SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    keep_days SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    inserted_at SimpleAggregateFunction(max, DateTime) CODEC(ZSTD)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/traffic_1h', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (bucket, run_id, site, sensor, src_zone, dst_zone, proto, app, dst_port, verdict, conduit, outcome)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS talkers_1h_local ON CLUSTER `sekisho`
(
    bucket DateTime('UTC') CODEC(ZSTD),
    run_id LowCardinality(String),
    site LowCardinality(String),
    sensor LowCardinality(String),
    zone LowCardinality(String),
    ip IPv6 CODEC(ZSTD),
    role Enum8('initiator' = 0, 'responder' = 1) CODEC(ZSTD),
    flows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_out SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_in SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    peers AggregateFunction(uniq, IPv6) CODEC(ZSTD),
    keep_days SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    inserted_at SimpleAggregateFunction(max, DateTime) CODEC(ZSTD),
    INDEX ip_bloom ip TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/talkers_1h', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (intDiv(toUInt32(bucket), 86400), ip, bucket, run_id, site, sensor, zone, role)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS alerts_1m_local ON CLUSTER `sekisho`
(
    bucket DateTime('UTC') CODEC(ZSTD),
    run_id LowCardinality(String),
    site LowCardinality(String),
    sensor LowCardinality(String),
    signature_id UInt32 CODEC(ZSTD),
    signature LowCardinality(String),
    signature_ja LowCardinality(String),
    detector LowCardinality(String),
    severity Enum8('critical' = 1, 'high' = 2, 'medium' = 3, 'low' = 4) CODEC(ZSTD),
    src_zone LowCardinality(String),
    dst_zone LowCardinality(String),
    alerts SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    keep_days SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    inserted_at SimpleAggregateFunction(max, DateTime) CODEC(ZSTD)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/alerts_1m', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (bucket, run_id, site, sensor, signature_id, signature, signature_ja, detector, severity, src_zone, dst_zone)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS alerts_1h_local ON CLUSTER `sekisho`
(
    bucket DateTime('UTC') CODEC(ZSTD),
    run_id LowCardinality(String),
    site LowCardinality(String),
    sensor LowCardinality(String),
    signature_id UInt32 CODEC(ZSTD),
    signature LowCardinality(String),
    signature_ja LowCardinality(String),
    detector LowCardinality(String),
    severity Enum8('critical' = 1, 'high' = 2, 'medium' = 3, 'low' = 4) CODEC(ZSTD),
    src_zone LowCardinality(String),
    dst_zone LowCardinality(String),
    alerts SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    keep_days SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    inserted_at SimpleAggregateFunction(max, DateTime) CODEC(ZSTD)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/alerts_1h', '{replica}')
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (bucket, run_id, site, sensor, signature_id, signature, signature_ja, detector, severity, src_zone, dst_zone)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS replicated_deduplication_window = 10000, index_granularity = 8192, min_bytes_for_wide_part = 134217728;

CREATE TABLE IF NOT EXISTS runs ON CLUSTER `sekisho` AS runs_local
ENGINE = Distributed('sekisho', currentDatabase(), 'runs_local', cityHash64(run_id));

CREATE TABLE IF NOT EXISTS alert_action ON CLUSTER `sekisho` AS alert_action_local
ENGINE = Distributed('sekisho', currentDatabase(), 'alert_action_local', cityHash64(alert_id));

CREATE TABLE IF NOT EXISTS schema_migrations ON CLUSTER `sekisho` AS schema_migrations_local
ENGINE = Distributed('sekisho', currentDatabase(), 'schema_migrations_local', rand());

CREATE TABLE IF NOT EXISTS flow ON CLUSTER `sekisho` AS flow_local
ENGINE = Distributed('sekisho', currentDatabase(), 'flow_local', cityHash64(sensor, site, flow_id));

CREATE TABLE IF NOT EXISTS alert ON CLUSTER `sekisho` AS alert_local
ENGINE = Distributed('sekisho', currentDatabase(), 'alert_local', cityHash64(alert_id));

CREATE TABLE IF NOT EXISTS sensor_health ON CLUSTER `sekisho` AS sensor_health_local
ENGINE = Distributed('sekisho', currentDatabase(), 'sensor_health_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS coverage ON CLUSTER `sekisho` AS coverage_local
ENGINE = Distributed('sekisho', currentDatabase(), 'coverage_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS dns ON CLUSTER `sekisho` AS dns_local
ENGINE = Distributed('sekisho', currentDatabase(), 'dns_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS tls ON CLUSTER `sekisho` AS tls_local
ENGINE = Distributed('sekisho', currentDatabase(), 'tls_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS quic ON CLUSTER `sekisho` AS quic_local
ENGINE = Distributed('sekisho', currentDatabase(), 'quic_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS http ON CLUSTER `sekisho` AS http_local
ENGINE = Distributed('sekisho', currentDatabase(), 'http_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS fileinfo ON CLUSTER `sekisho` AS fileinfo_local
ENGINE = Distributed('sekisho', currentDatabase(), 'fileinfo_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS smtp ON CLUSTER `sekisho` AS smtp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'smtp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS smb ON CLUSTER `sekisho` AS smb_local
ENGINE = Distributed('sekisho', currentDatabase(), 'smb_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS krb5 ON CLUSTER `sekisho` AS krb5_local
ENGINE = Distributed('sekisho', currentDatabase(), 'krb5_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS ldap ON CLUSTER `sekisho` AS ldap_local
ENGINE = Distributed('sekisho', currentDatabase(), 'ldap_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS ftp ON CLUSTER `sekisho` AS ftp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'ftp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS ftp_data ON CLUSTER `sekisho` AS ftp_data_local
ENGINE = Distributed('sekisho', currentDatabase(), 'ftp_data_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS ssh ON CLUSTER `sekisho` AS ssh_local
ENGINE = Distributed('sekisho', currentDatabase(), 'ssh_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS rdp ON CLUSTER `sekisho` AS rdp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'rdp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS sip ON CLUSTER `sekisho` AS sip_local
ENGINE = Distributed('sekisho', currentDatabase(), 'sip_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS irc ON CLUSTER `sekisho` AS irc_local
ENGINE = Distributed('sekisho', currentDatabase(), 'irc_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS dhcp ON CLUSTER `sekisho` AS dhcp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'dhcp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS ntp ON CLUSTER `sekisho` AS ntp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'ntp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS snmp ON CLUSTER `sekisho` AS snmp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'snmp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS tftp ON CLUSTER `sekisho` AS tftp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'tftp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS modbus ON CLUSTER `sekisho` AS modbus_local
ENGINE = Distributed('sekisho', currentDatabase(), 'modbus_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS dnp3 ON CLUSTER `sekisho` AS dnp3_local
ENGINE = Distributed('sekisho', currentDatabase(), 'dnp3_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS mqtt ON CLUSTER `sekisho` AS mqtt_local
ENGINE = Distributed('sekisho', currentDatabase(), 'mqtt_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS dcerpc ON CLUSTER `sekisho` AS dcerpc_local
ENGINE = Distributed('sekisho', currentDatabase(), 'dcerpc_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS pgsql ON CLUSTER `sekisho` AS pgsql_local
ENGINE = Distributed('sekisho', currentDatabase(), 'pgsql_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS pop3 ON CLUSTER `sekisho` AS pop3_local
ENGINE = Distributed('sekisho', currentDatabase(), 'pop3_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS rfb ON CLUSTER `sekisho` AS rfb_local
ENGINE = Distributed('sekisho', currentDatabase(), 'rfb_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS bittorrent_dht ON CLUSTER `sekisho` AS bittorrent_dht_local
ENGINE = Distributed('sekisho', currentDatabase(), 'bittorrent_dht_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS ike ON CLUSTER `sekisho` AS ike_local
ENGINE = Distributed('sekisho', currentDatabase(), 'ike_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS enip ON CLUSTER `sekisho` AS enip_local
ENGINE = Distributed('sekisho', currentDatabase(), 'enip_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS anomaly ON CLUSTER `sekisho` AS anomaly_local
ENGINE = Distributed('sekisho', currentDatabase(), 'anomaly_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS arp ON CLUSTER `sekisho` AS arp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'arp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS icmp ON CLUSTER `sekisho` AS icmp_local
ENGINE = Distributed('sekisho', currentDatabase(), 'icmp_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS traffic_1m ON CLUSTER `sekisho` AS traffic_1m_local
ENGINE = Distributed('sekisho', currentDatabase(), 'traffic_1m_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS traffic_1h ON CLUSTER `sekisho` AS traffic_1h_local
ENGINE = Distributed('sekisho', currentDatabase(), 'traffic_1h_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS talkers_1h ON CLUSTER `sekisho` AS talkers_1h_local
ENGINE = Distributed('sekisho', currentDatabase(), 'talkers_1h_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS alerts_1m ON CLUSTER `sekisho` AS alerts_1m_local
ENGINE = Distributed('sekisho', currentDatabase(), 'alerts_1m_local', cityHash64(sensor, site));

CREATE TABLE IF NOT EXISTS alerts_1h ON CLUSTER `sekisho` AS alerts_1h_local
ENGINE = Distributed('sekisho', currentDatabase(), 'alerts_1h_local', cityHash64(sensor, site));

CREATE MATERIALIZED VIEW IF NOT EXISTS traffic_1m_mv ON CLUSTER `sekisho` TO traffic_1m_local AS
SELECT
    toDateTime(intDiv(least(greatest(toUnixTimestamp64Second(flow.ts_start_ns), 0), 4294967295), 60) * 60, 'UTC') AS bucket,
    flow.run_id AS run_id,
    flow.site AS site,
    flow.sensor AS sensor,
    flow.src_zone AS src_zone,
    flow.dst_zone AS dst_zone,
    flow.proto AS proto,
    if(flow.app_proto = 'unknown', '', toString(flow.app_proto)) AS app,
    if(flow.dst_port < 1024 OR flow.dst_port IN (1080, 1194, 1433, 1521, 1701, 1723, 1812, 1813, 1883, 2049, 2375, 2376, 2404, 3128, 3268, 3269, 3306, 3389, 4500, 4840, 5060, 5061, 5432, 5671, 5672, 5900, 5985, 5986, 6379, 6443, 8000, 8080, 8443, 8883, 9000, 9092, 9100, 9200, 10050, 10051, 11211, 20000, 27017, 44818, 47808), flow.dst_port, 0) AS dst_port,
    flow.verdict AS verdict,
    flow.conduit AS conduit,
    flow.outcome AS outcome,
    countIf(flow.part = 0) AS flows,
    sum(flow.pkts_toserver) AS packets_toserver,
    sum(flow.pkts_toclient) AS packets_toclient,
    sum(flow.bytes_toserver) AS bytes_toserver,
    sum(flow.bytes_toclient) AS bytes_toclient,
    max(flow.keep_days) AS keep_days,
    max(flow.inserted_at) AS inserted_at
FROM flow_local AS flow
GROUP BY bucket, run_id, site, sensor, src_zone, dst_zone, proto, flow.app_proto, dst_port, verdict, conduit, outcome;

CREATE MATERIALIZED VIEW IF NOT EXISTS traffic_1h_mv ON CLUSTER `sekisho` TO traffic_1h_local AS
SELECT
    toDateTime(intDiv(toUnixTimestamp(traffic_1m.bucket), 3600) * 3600, 'UTC') AS bucket,
    traffic_1m.run_id AS run_id,
    traffic_1m.site AS site,
    traffic_1m.sensor AS sensor,
    traffic_1m.src_zone AS src_zone,
    traffic_1m.dst_zone AS dst_zone,
    traffic_1m.proto AS proto,
    traffic_1m.app AS app,
    traffic_1m.dst_port AS dst_port,
    traffic_1m.verdict AS verdict,
    traffic_1m.conduit AS conduit,
    traffic_1m.outcome AS outcome,
    sum(traffic_1m.flows) AS flows,
    sum(traffic_1m.packets_toserver) AS packets_toserver,
    sum(traffic_1m.packets_toclient) AS packets_toclient,
    sum(traffic_1m.bytes_toserver) AS bytes_toserver,
    sum(traffic_1m.bytes_toclient) AS bytes_toclient,
    max(traffic_1m.keep_days) AS keep_days,
    max(traffic_1m.inserted_at) AS inserted_at
FROM traffic_1m_local AS traffic_1m
GROUP BY bucket, run_id, site, sensor, src_zone, dst_zone, proto, app, dst_port, verdict, conduit, outcome;

CREATE MATERIALIZED VIEW IF NOT EXISTS talkers_1h_mv ON CLUSTER `sekisho` TO talkers_1h_local AS
SELECT
    toDateTime(intDiv(least(greatest(toUnixTimestamp64Second(flow.ts_start_ns), 0), 4294967295), 3600) * 3600, 'UTC') AS bucket,
    flow.run_id AS run_id,
    flow.site AS site,
    flow.sensor AS sensor,
    if(role = 'initiator', flow.src_zone, flow.dst_zone) AS zone,
    if(role = 'initiator', flow.src_ip, flow.dst_ip) AS ip,
    role,
    countIf(flow.part = 0) AS flows,
    sum(if(role = 'initiator', flow.bytes_toserver, flow.bytes_toclient)) AS bytes_out,
    sum(if(role = 'initiator', flow.bytes_toclient, flow.bytes_toserver)) AS bytes_in,
    uniqState(if(role = 'initiator', flow.dst_ip, flow.src_ip)) AS peers,
    max(flow.keep_days) AS keep_days,
    max(flow.inserted_at) AS inserted_at
FROM flow_local AS flow
ARRAY JOIN CAST(['initiator', 'responder'], 'Array(Enum8(\'initiator\' = 0, \'responder\' = 1))') AS role
GROUP BY bucket, run_id, site, sensor, zone, ip, role;

CREATE MATERIALIZED VIEW IF NOT EXISTS alerts_1m_mv ON CLUSTER `sekisho` TO alerts_1m_local AS
SELECT
    toDateTime(intDiv(least(greatest(toUnixTimestamp64Second(alert.start_ns), 0), 4294967295), 60) * 60, 'UTC') AS bucket,
    alert.run_id AS run_id,
    alert.site AS site,
    alert.sensor AS sensor,
    alert.signature_id AS signature_id,
    alert.signature AS signature,
    alert.signature_ja AS signature_ja,
    alert.detector AS detector,
    alert.severity AS severity,
    alert.src_zone AS src_zone,
    alert.dst_zone AS dst_zone,
    count() AS alerts,
    max(alert.keep_days) AS keep_days,
    max(alert.inserted_at) AS inserted_at
FROM alert_local AS alert
WHERE alert.revision = 1
GROUP BY bucket, run_id, site, sensor, signature_id, signature, signature_ja, detector, severity, src_zone, dst_zone;

CREATE MATERIALIZED VIEW IF NOT EXISTS alerts_1h_mv ON CLUSTER `sekisho` TO alerts_1h_local AS
SELECT
    toDateTime(intDiv(toUnixTimestamp(alerts_1m.bucket), 3600) * 3600, 'UTC') AS bucket,
    alerts_1m.run_id AS run_id,
    alerts_1m.site AS site,
    alerts_1m.sensor AS sensor,
    alerts_1m.signature_id AS signature_id,
    alerts_1m.signature AS signature,
    alerts_1m.signature_ja AS signature_ja,
    alerts_1m.detector AS detector,
    alerts_1m.severity AS severity,
    alerts_1m.src_zone AS src_zone,
    alerts_1m.dst_zone AS dst_zone,
    sum(alerts_1m.alerts) AS alerts,
    max(alerts_1m.keep_days) AS keep_days,
    max(alerts_1m.inserted_at) AS inserted_at
FROM alerts_1m_local AS alerts_1m
GROUP BY bucket, run_id, site, sensor, signature_id, signature, signature_ja, detector, severity, src_zone, dst_zone;

CREATE OR REPLACE VIEW flows ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    flow_id,
    part,
    ts_start_ns,
    ts_end_ns,
    replaceRegexpOne(toString(flow.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(flow.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    icmp_type,
    icmp_code,
    vlan,
    vlan_inner,
    arrayStringConcat(arrayMap(shift -> lower(hex(toUInt8(bitAnd(bitShiftRight(flow.src_mac, shift), 255)))), [40, 32, 24, 16, 8, 0]), ':') AS src_mac,
    arrayStringConcat(arrayMap(shift -> lower(hex(toUInt8(bitAnd(bitShiftRight(flow.dst_mac, shift), 255)))), [40, 32, 24, 16, 8, 0]), ':') AS dst_mac,
    tunnel,
    tunnel_depth,
    src_zone,
    dst_zone,
    pkts_toserver,
    pkts_toclient,
    bytes_toserver,
    bytes_toclient,
    payload_bytes_toserver,
    payload_bytes_toclient,
    fragments,
    tcp_flags_toserver,
    tcp_flags_toclient,
    tcp_state,
    ttl_toserver,
    ttl_toclient,
    direction_certainty,
    outcome,
    end_reason,
    verdict,
    conduit,
    app_proto,
    first_packet,
    duration_ns,
    is_ipv4,
    community_id
FROM flow;

CREATE OR REPLACE VIEW alerts ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    alert_id,
    revision,
    state,
    ts_ns,
    start_ns,
    end_ns,
    peak_ns,
    detector,
    gid,
    signature_id,
    rev,
    signature,
    signature_ja,
    category,
    severity,
    property,
    technique,
    clause,
    replaceRegexpOne(toString(alert.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(alert.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    dst_prefix_bits,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    flow_id,
    packet_number,
    direction_certainty,
    verdict,
    outcome,
    conduit,
    measured,
    peak,
    threshold,
    measure,
    events,
    action,
    metadata,
    references,
    context,
    why,
    why_ja,
    runbook,
    policy_digest,
    config_digest,
    ruleset_digest
FROM (SELECT * FROM alert ORDER BY revision DESC LIMIT 1 BY run_id, alert_id) AS alert;

CREATE OR REPLACE VIEW dns_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(dns.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(dns.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    variant,
    message_type,
    to_server,
    id,
    flags,
    opcode,
    rcode,
    rrname,
    rrtype,
    rrclass,
    queries,
    answers,
    grouped,
    authorities,
    additionals,
    queries_said,
    answers_said,
    authorities_said,
    additionals_said,
    message_bytes,
    matched,
    rtt_ns,
    flaw
FROM dns;

CREATE OR REPLACE VIEW tls_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(tls.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(tls.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    version,
    sni,
    subject,
    issuerdn,
    serial,
    fingerprint,
    notbefore,
    notafter,
    subjectaltname,
    session_resumed,
    client_subject,
    client_issuerdn,
    client_serial,
    client_fingerprint,
    client_notbefore,
    client_notafter,
    ja3_hash,
    ja3_string,
    ja3s_hash,
    ja3s_string,
    ja4,
    client_alpns,
    server_alpns,
    client_version,
    client_ciphers,
    client_exts,
    client_sig_algs,
    server_version,
    server_cipher,
    server_exts,
    from_proto,
    cipher,
    named_group,
    client_groups,
    client_session_id,
    server_session_id,
    resumption_offered,
    resumption,
    hello_retry,
    hellos_seen,
    established,
    alerts,
    chain,
    chain_certificates
FROM tls;

CREATE OR REPLACE VIEW quic_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(quic.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(quic.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    version,
    sni,
    ua,
    cyu,
    ja3_hash,
    ja3_string,
    ja3s_hash,
    ja3s_string,
    ja4,
    extensions,
    version_name,
    sender,
    alpns,
    cipher,
    named_group,
    tls_version,
    client_dcid,
    client_scid,
    server_scid,
    retries,
    resumed
FROM quic;

CREATE OR REPLACE VIEW http_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(http.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(http.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    hostname,
    http_port,
    url,
    url_normalized,
    http_method,
    protocol,
    response_protocol,
    status,
    status_text,
    http_user_agent,
    http_refer,
    http_content_type,
    request_content_type,
    redirect,
    content_range,
    length,
    xff,
    server,
    origin,
    username,
    content_encoding,
    request_headers,
    response_headers,
    trailers,
    file_names,
    request_body_bytes,
    response_body_bytes,
    response_entity_bytes,
    interim,
    request_ts_ns,
    seen,
    anomalies
FROM http;

CREATE OR REPLACE VIEW fileinfo_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(fileinfo.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(fileinfo.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    app_proto,
    to_server,
    file_tx_id,
    filename,
    file_type,
    mime_type,
    hints,
    size,
    gaps,
    state,
    stored,
    md5,
    sha1,
    sha256,
    http,
    smtp,
    email,
    smb
FROM fileinfo;

CREATE OR REPLACE VIEW smtp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(smtp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(smtp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    helo,
    mail_from,
    rcpt_to,
    rejected,
    banner,
    reply_code,
    auth,
    auth_outcome,
    starttls,
    status,
    email_from,
    email_to,
    email_cc,
    email_bcc,
    reply_to,
    subject,
    date,
    message_id,
    x_mailer,
    user_agent,
    x_originating_ip,
    content_type,
    received,
    attachment,
    url,
    subject_md5,
    body_md5,
    message_bytes,
    seen,
    anomalies
FROM smtp;

CREATE OR REPLACE VIEW smb_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(smb.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(smb.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    id,
    dialect,
    command,
    status,
    status_code,
    session_id,
    tree_id,
    client_dialects,
    client_guid,
    server_guid,
    max_read_size,
    max_write_size,
    ntlmssp_domain,
    ntlmssp_user,
    ntlmssp_host,
    ntlmssp_version,
    kerberos_realm,
    kerberos_snames,
    request_native_os,
    request_native_lm,
    response_native_os,
    response_native_lm,
    share,
    share_type,
    named_pipe,
    service_request,
    service_response,
    filename,
    directory,
    disposition,
    access,
    desired_access,
    created,
    accessed,
    modified,
    changed,
    size,
    fuid,
    rename_from,
    rename_to,
    set_info_class,
    set_info_level,
    function,
    dcerpc,
    transferred_bytes,
    seen,
    request_ts_ns
FROM smb;

CREATE OR REPLACE VIEW krb5_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(krb5.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(krb5.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    to_server,
    msg_type,
    failed_request,
    error_code,
    cname,
    realm,
    sname,
    encryption,
    weak_encryption,
    ticket_encryption,
    ticket_weak_encryption,
    requested_encryption,
    preauthentication
FROM krb5;

CREATE OR REPLACE VIEW ldap_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(ldap.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(ldap.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    request,
    responses,
    operation,
    object,
    filter,
    result,
    authentication,
    user,
    response_count,
    response_bytes,
    seen
FROM ldap;

CREATE OR REPLACE VIEW ftp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(ftp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(ftp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    command,
    command_data,
    command_truncated,
    reply,
    completion_code,
    reply_truncated,
    reply_received,
    mode,
    dynamic_port,
    user
FROM ftp;

CREATE OR REPLACE VIEW ftp_data_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(ftp_data.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(ftp_data.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    command,
    filename,
    mode,
    data_ip,
    data_port,
    reply_code,
    user
FROM ftp_data;

CREATE OR REPLACE VIEW ssh_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(ssh.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(ssh.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    client_proto_version,
    client_software_version,
    client_hassh_hash,
    client_hassh_string,
    client_comments,
    client_host_key_algorithms,
    server_proto_version,
    server_software_version,
    server_hassh_hash,
    server_hassh_string,
    server_comments,
    server_host_key_algorithms,
    kex,
    host_key_algorithm,
    cipher,
    mac,
    compression,
    host_key,
    established
FROM ssh;

CREATE OR REPLACE VIEW rdp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(rdp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(rdp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    event_type,
    cookie,
    flags,
    server_supports,
    protocol,
    error_code,
    reason,
    client_version,
    desktop_width,
    desktop_height,
    color_depth,
    keyboard_layout,
    build,
    client_name,
    keyboard_type,
    keyboard_subtype,
    function_keys,
    ime,
    product_id,
    serial_number,
    capabilities,
    client_id,
    connection_hint,
    physical_width,
    physical_height,
    desktop_orientation,
    scale_factor,
    device_scale_factor,
    channels,
    requested_protocols,
    client_build
FROM rdp;

CREATE OR REPLACE VIEW sip_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(sip.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(sip.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    to_server,
    method,
    uri,
    version,
    request_line,
    code,
    reason,
    response_line,
    call_id,
    from_uri,
    to_uri,
    contact,
    via,
    user_agent,
    content_type,
    body_bytes,
    sdp
FROM sip;

CREATE OR REPLACE VIEW irc_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(irc.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(irc.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    command,
    nick,
    user,
    value,
    additional
FROM irc;

CREATE OR REPLACE VIEW dhcp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(dhcp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(dhcp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    message_type,
    dhcp_type,
    id,
    client_mac,
    client_ip,
    assigned_ip,
    next_server_ip,
    relay_ip,
    requested_ip,
    server_ip,
    hostname,
    domain,
    vendor_class,
    client_id,
    subnet_mask,
    routers,
    dns_servers,
    lease_time_s,
    renewal_time_s,
    rebinding_time_s,
    params
FROM dhcp;

CREATE OR REPLACE VIEW ntp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(ntp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(ntp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    to_server,
    version,
    mode,
    leap,
    stratum,
    poll,
    precision,
    root_delay_us,
    root_dispersion_us,
    reference_id,
    reference_time_ns,
    origin_time_ns,
    receive_time_ns,
    transmit_time_ns,
    operation,
    message_bytes
FROM ntp;

CREATE OR REPLACE VIEW snmp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(snmp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(snmp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    to_server,
    version,
    community,
    pdu_type,
    vars,
    trap_oid,
    trap_address,
    trap_type,
    usm,
    engine_id,
    security,
    request_id,
    error_status,
    message_bytes
FROM snmp;

CREATE OR REPLACE VIEW tftp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(tftp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(tftp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    packet,
    file,
    mode,
    options,
    error_code,
    error
FROM tftp;

CREATE OR REPLACE VIEW modbus_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(modbus.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(modbus.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    id,
    request,
    response,
    function,
    function_code,
    access,
    unit_id,
    exception,
    seen
FROM modbus;

CREATE OR REPLACE VIEW dnp3_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(dnp3.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(dnp3.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    type,
    control,
    src,
    dst,
    application,
    indicators,
    iin,
    function,
    answers,
    message_bytes,
    to_server
FROM dnp3;

CREATE OR REPLACE VIEW mqtt_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(mqtt.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(mqtt.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    messages,
    to_server,
    type,
    client_id,
    username,
    topic,
    payload_bytes,
    qos,
    retain,
    protocol_version,
    reason_code,
    seen
FROM mqtt;

CREATE OR REPLACE VIEW dcerpc_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(dcerpc.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(dcerpc.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    call,
    request,
    response,
    interface,
    opnum,
    request_bytes,
    response_bytes
FROM dcerpc;

CREATE OR REPLACE VIEW pgsql_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(pgsql.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(pgsql.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    request,
    response,
    number,
    type,
    user,
    database,
    query,
    command,
    error_code,
    rows,
    row_bytes
FROM pgsql;

CREATE OR REPLACE VIEW pop3_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(pop3.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(pop3.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    request,
    response,
    command,
    user,
    status,
    reply_bytes
FROM pop3;

CREATE OR REPLACE VIEW rfb_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(rfb.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(rfb.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    server_version,
    client_version,
    authentication,
    shared,
    framebuffer,
    security_type,
    result,
    screen
FROM rfb;

CREATE OR REPLACE VIEW bittorrent_dht_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(bittorrent_dht.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(bittorrent_dht.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    to_server,
    transaction,
    client_version,
    request_type,
    request,
    response,
    error,
    info_hash
FROM bittorrent_dht;

CREATE OR REPLACE VIEW ike_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(ike.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(ike.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    to_server,
    version_major,
    version_minor,
    exchange_type,
    exchange,
    message_id,
    init_spi,
    resp_spi,
    role,
    encrypted,
    payload,
    alg_enc,
    alg_hash,
    alg_auth,
    alg_dh,
    ikev1,
    ikev2,
    message_bytes
FROM ike;

CREATE OR REPLACE VIEW enip_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(enip.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(enip.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    request,
    response,
    command,
    status,
    session,
    service,
    product,
    seen
FROM enip;

CREATE OR REPLACE VIEW anomaly_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(anomaly.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(anomaly.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    to_server,
    type,
    event,
    layer,
    app_proto
FROM anomaly;

CREATE OR REPLACE VIEW arp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(arp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(arp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    hw_type,
    proto_type,
    opcode,
    arrayStringConcat(arrayMap(shift -> lower(hex(toUInt8(bitAnd(bitShiftRight(arp.sender_mac, shift), 255)))), [40, 32, 24, 16, 8, 0]), ':') AS sender_mac,
    arrayStringConcat(arrayMap(shift -> lower(hex(toUInt8(bitAnd(bitShiftRight(arp.target_mac, shift), 255)))), [40, 32, 24, 16, 8, 0]), ':') AS target_mac,
    gratuitous,
    spoofed
FROM arp;

CREATE OR REPLACE VIEW icmp_log ON CLUSTER `sekisho` AS
SELECT
    run_id,
    sensor,
    site,
    ts_ns,
    flow_id,
    tx_id,
    packet_number,
    replaceRegexpOne(toString(icmp.src_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS src_ip,
    replaceRegexpOne(toString(icmp.dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS dst_ip,
    src_port,
    dst_port,
    proto,
    vlan,
    src_zone,
    dst_zone,
    to_server,
    type,
    code,
    kind,
    identifier,
    sequence,
    mtu_bytes,
    replaceRegexpOne(toString(icmp.target_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS target_ip,
    payload_bytes,
    quoted_flow_id,
    quoted_proto,
    quoted_src_port,
    quoted_dst_port,
    replaceRegexpOne(toString(icmp.quoted_dst_ip), '^::ffff:([0-9]+[.][0-9.]+)$', '\\1') AS quoted_dst_ip
FROM icmp;

CREATE OR REPLACE VIEW alert_status ON CLUSTER `sekisho` AS
SELECT
    run_id,
    alert_id,
    multiIf(latest IN ('', 'reopened'), 'open', latest) AS status,
    argMaxIf(toString(action), at, action != 'comment') AS latest,
    argMaxIf(alert_action.actor, at, action != 'comment') AS actor,
    maxIf(at, action != 'comment') AS since,
    argMaxIf(alert_action.comment, at, alert_action.comment != '') AS comment,
    countIf(alert_action.comment != '') AS comments,
    max(at) AS last_action_at
FROM alert_action
GROUP BY run_id, alert_id;
