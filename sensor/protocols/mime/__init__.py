"""Mail as it is written: headers, parts, transfer encodings (RFC 5322, RFC 2045-2047, RFC 2231)."""
