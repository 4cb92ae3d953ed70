CREATE TABLE IF NOT EXISTS runs
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
ENGINE = ReplacingMergeTree(revision)
ORDER BY (run_id)
SETTINGS non_replicated_deduplication_window = 10000;
CREATE TABLE IF NOT EXISTS alert_action
(
    run_id LowCardinality(String),
    alert_id UInt64,
    at DateTime64(3, 'UTC'),
    actor LowCardinality(String),
    action Enum8('acknowledged' = 1, 'in_progress' = 2, 'closed' = 3, 'false_positive' = 4, 'reopened' = 5, 'comment' = 6),
    comment String
)
ENGINE = MergeTree
PARTITION BY run_id
ORDER BY (run_id, alert_id, at);
CREATE TABLE IF NOT EXISTS schema_migrations
(
    number UInt32,
    name String,
    step String,
    at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (number, at);
CREATE TABLE IF NOT EXISTS flow
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
ENGINE = MergeTree
PARTITION BY (run_id, toYYYYMMDD(inserted_at))
PRIMARY KEY (run_id, intDiv(toUnixTimestamp64Second(ts_start_ns), 3600), src_zone, dst_zone, proto, dst_port)
ORDER BY (run_id, intDiv(toUnixTimestamp64Second(ts_start_ns), 3600), src_zone, dst_zone, proto, dst_port, src_ip, dst_ip, ts_start_ns, flow_id, part)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 10000;
CREATE TABLE IF NOT EXISTS alert
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
ENGINE = MergeTree
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, intDiv(toUnixTimestamp64Second(start_ns), 3600), alert_id, revision)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 10000;
CREATE TABLE IF NOT EXISTS sensor_health
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
ENGINE = MergeTree
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (run_id, ts_ns, stage, cause)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 10000;
CREATE TABLE IF NOT EXISTS traffic_1m
(
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD),
    run_id LowCardinality(String),
    site LowCardinality(String),
    sensor LowCardinality(String),
    src_zone LowCardinality(String),
    dst_zone LowCardinality(String),
    proto UInt8 CODEC(ZSTD),
    app LowCardinality(String),
    dst_port UInt16 CODEC(ZSTD),
    verdict Enum8('not_judged' = 0, 'permitted' = 1, 'permitted_excess' = 2, 'out_of_hours' = 3, 'wrong_initiator' = 4, 'wrong_app' = 5, 'unsanitized' = 6, 'expired_conduit' = 7, 'no_conduit' = 8, 'wrong_segment' = 9, 'unattributed' = 10) CODEC(ZSTD),
    outcome Enum8('unknown' = 0, 'attempted' = 1, 'established' = 2) CODEC(ZSTD),
    flows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    packets_toserver SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    packets_toclient SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_toserver SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_toclient SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    keep_days SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    inserted_at SimpleAggregateFunction(max, DateTime) CODEC(ZSTD)
)
ENGINE = AggregatingMergeTree
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (bucket, run_id, site, sensor, src_zone, dst_zone, proto, app, dst_port, verdict, outcome)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 10000;
CREATE TABLE IF NOT EXISTS traffic_1h
(
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD),
    run_id LowCardinality(String),
    site LowCardinality(String),
    sensor LowCardinality(String),
    src_zone LowCardinality(String),
    dst_zone LowCardinality(String),
    proto UInt8 CODEC(ZSTD),
    app LowCardinality(String),
    dst_port UInt16 CODEC(ZSTD),
    verdict Enum8('not_judged' = 0, 'permitted' = 1, 'permitted_excess' = 2, 'out_of_hours' = 3, 'wrong_initiator' = 4, 'wrong_app' = 5, 'unsanitized' = 6, 'expired_conduit' = 7, 'no_conduit' = 8, 'wrong_segment' = 9, 'unattributed' = 10) CODEC(ZSTD),
    outcome Enum8('unknown' = 0, 'attempted' = 1, 'established' = 2) CODEC(ZSTD),
    flows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    packets_toserver SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    packets_toclient SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_toserver SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    bytes_toclient SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD),
    keep_days SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    inserted_at SimpleAggregateFunction(max, DateTime) CODEC(ZSTD)
)
ENGINE = AggregatingMergeTree
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (bucket, run_id, site, sensor, src_zone, dst_zone, proto, app, dst_port, verdict, outcome)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 10000;
CREATE TABLE IF NOT EXISTS talkers_1h
(
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD),
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
ENGINE = AggregatingMergeTree
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (intDiv(toUInt32(bucket), 86400), ip, bucket, run_id, site, sensor, zone, role)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 10000;
CREATE TABLE IF NOT EXISTS alerts_1m
(
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD),
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
ENGINE = AggregatingMergeTree
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (bucket, run_id, site, sensor, signature_id, signature, signature_ja, detector, severity, src_zone, dst_zone)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 10000;
CREATE TABLE IF NOT EXISTS alerts_1h
(
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD),
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
ENGINE = AggregatingMergeTree
PARTITION BY (run_id, toYYYYMM(inserted_at))
ORDER BY (bucket, run_id, site, sensor, signature_id, signature, signature_ja, detector, severity, src_zone, dst_zone)
TTL inserted_at + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 10000;
CREATE MATERIALIZED VIEW IF NOT EXISTS traffic_1m_mv TO traffic_1m AS
SELECT
    toDateTime(intDiv(least(greatest(toUnixTimestamp64Second(flow.ts_start_ns), 0), 4294967295), 60) * 60, 'UTC') AS bucket,
    flow.run_id AS run_id,
    flow.site AS site,
    flow.sensor AS sensor,
    flow.src_zone AS src_zone,
    flow.dst_zone AS dst_zone,
    flow.proto AS proto,
    '' AS app,
    if(flow.dst_port < 1024 OR flow.dst_port IN (1080, 1194, 1433, 1521, 1701, 1723, 1812, 1813, 1883, 2049, 2375, 2376, 2404, 3128, 3268, 3269, 3306, 3389, 4500, 4840, 5060, 5061, 5432, 5671, 5672, 5900, 5985, 5986, 6379, 6443, 8000, 8080, 8443, 8883, 9000, 9092, 9100, 9200, 10050, 10051, 11211, 20000, 27017, 44818, 47808), flow.dst_port, 0) AS dst_port,
    flow.verdict AS verdict,
    flow.outcome AS outcome,
    countIf(flow.part = 0) AS flows,
    sum(flow.pkts_toserver) AS packets_toserver,
    sum(flow.pkts_toclient) AS packets_toclient,
    sum(flow.bytes_toserver) AS bytes_toserver,
    sum(flow.bytes_toclient) AS bytes_toclient,
    max(flow.keep_days) AS keep_days,
    max(flow.inserted_at) AS inserted_at
FROM flow AS flow
GROUP BY bucket, run_id, site, sensor, src_zone, dst_zone, proto, app, dst_port, verdict, outcome;
CREATE MATERIALIZED VIEW IF NOT EXISTS traffic_1h_mv TO traffic_1h AS
SELECT
    toDateTime(intDiv(least(greatest(toUnixTimestamp64Second(flow.ts_start_ns), 0), 4294967295), 3600) * 3600, 'UTC') AS bucket,
    flow.run_id AS run_id,
    flow.site AS site,
    flow.sensor AS sensor,
    flow.src_zone AS src_zone,
    flow.dst_zone AS dst_zone,
    flow.proto AS proto,
    '' AS app,
    if(flow.dst_port < 1024 OR flow.dst_port IN (1080, 1194, 1433, 1521, 1701, 1723, 1812, 1813, 1883, 2049, 2375, 2376, 2404, 3128, 3268, 3269, 3306, 3389, 4500, 4840, 5060, 5061, 5432, 5671, 5672, 5900, 5985, 5986, 6379, 6443, 8000, 8080, 8443, 8883, 9000, 9092, 9100, 9200, 10050, 10051, 11211, 20000, 27017, 44818, 47808), flow.dst_port, 0) AS dst_port,
    flow.verdict AS verdict,
    flow.outcome AS outcome,
    countIf(flow.part = 0) AS flows,
    sum(flow.pkts_toserver) AS packets_toserver,
    sum(flow.pkts_toclient) AS packets_toclient,
    sum(flow.bytes_toserver) AS bytes_toserver,
    sum(flow.bytes_toclient) AS bytes_toclient,
    max(flow.keep_days) AS keep_days,
    max(flow.inserted_at) AS inserted_at
FROM flow AS flow
GROUP BY bucket, run_id, site, sensor, src_zone, dst_zone, proto, app, dst_port, verdict, outcome;
CREATE MATERIALIZED VIEW IF NOT EXISTS talkers_1h_mv TO talkers_1h AS
SELECT
    toDateTime(intDiv(least(greatest(toUnixTimestamp64Second(flow.ts_start_ns), 0), 4294967295), 3600) * 3600, 'UTC') AS bucket,
    flow.run_id AS run_id,
    flow.site AS site,
    flow.sensor AS sensor,
    if(role = 'initiator', flow.src_zone, flow.dst_zone) AS zone,
    if(role = 'initiator', flow.src_ip, flow.dst_ip) AS ip,
    role AS role,
    countIf(flow.part = 0) AS flows,
    sum(if(role = 'initiator', flow.bytes_toserver, flow.bytes_toclient)) AS bytes_out,
    sum(if(role = 'initiator', flow.bytes_toclient, flow.bytes_toserver)) AS bytes_in,
    uniqState(if(role = 'initiator', flow.dst_ip, flow.src_ip)) AS peers,
    max(flow.keep_days) AS keep_days,
    max(flow.inserted_at) AS inserted_at
FROM flow AS flow
ARRAY JOIN ['initiator', 'responder'] AS role
GROUP BY bucket, run_id, site, sensor, zone, ip, role;
CREATE MATERIALIZED VIEW IF NOT EXISTS alerts_1m_mv TO alerts_1m AS
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
FROM alert AS alert
WHERE alert.revision = 1
GROUP BY bucket, run_id, site, sensor, signature_id, signature, signature_ja, detector, severity, src_zone, dst_zone;
CREATE MATERIALIZED VIEW IF NOT EXISTS alerts_1h_mv TO alerts_1h AS
SELECT
    toDateTime(intDiv(least(greatest(toUnixTimestamp64Second(alert.start_ns), 0), 4294967295), 3600) * 3600, 'UTC') AS bucket,
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
FROM alert AS alert
WHERE alert.revision = 1
GROUP BY bucket, run_id, site, sensor, signature_id, signature, signature_ja, detector, severity, src_zone, dst_zone;
INSERT INTO schema_migrations (number, name, step, at) VALUES (1, 'first', 'done', '2026-11-20 00:00:00'), (2, 'second', 'done', '2026-11-20 00:00:01');
