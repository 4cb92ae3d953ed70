"""Numbers of IKE and what they stand for (RFC 2407-2409, RFC 7296, IANA's registries), under Suricata's names."""

from __future__ import annotations

EXCHANGES = {1: {0: "None", 1: "Base", 2: "Identity Protection", 3: "Authentication Only", 4: "Aggressive",
                 5: "Informational", 6: "Transaction (Config Mode)", 32: "Quick Mode", 33: "New Group Mode"},
             2: {34: "IKE_SA_INIT", 35: "IKE_AUTH", 36: "CREATE_CHILD_SA", 37: "INFORMATIONAL",
                 38: "IKE_SESSION_RESUME", 43: "IKE_INTERMEDIATE"}}

(V1_SA, V1_KEY, V1_NONCE, V1_VENDOR) = (1, 4, 10, 13)
(SA, KEY, NONCE, NOTIFY, VENDOR, ENCRYPTED) = (33, 34, 40, 41, 43, 46)
PAYLOADS = {1: {0: "NoNextPayload", 1: "SecurityAssociation", 2: "Proposal", 3: "Transform", 4: "KeyExchange",
                5: "Identification", 6: "Certificate", 7: "CertificateRequest", 8: "Hash", 9: "Signature", 10: "Nonce",
                11: "Notification", 12: "Delete", 13: "VendorID", 14: "Attributes", 20: "NatDiscovery",
                21: "NatOriginalAddress", 132: "IkeFragment"},
            2: {0: "NoNextPayload", 33: "SecurityAssociation", 34: "KeyExchange", 35: "IDInitiator",
                36: "IDResponder", 37: "Certificate", 38: "CertificateRequest", 39: "Authentication", 40: "Nonce",
                41: "Notify", 42: "Delete", 43: "VendorID", 44: "TrafficSelectorInitiator",
                45: "TrafficSelectorResponder", 46: "EncryptedAndAuthenticated", 47: "Configuration",
                48: "ExtensibleAuthentication", 53: "EncryptedFragment"}}

ATTRIBUTES = {1: "alg_enc", 2: "alg_hash", 3: "alg_auth", 4: "alg_dh", 5: "sa_group_type", 11: "sa_life_type",
              12: "sa_life_duration", 13: "alg_prf", 14: "sa_key_length", 15: "sa_field_size"}
VALUES = {
    "alg_enc": {1: "EncDesCbc", 2: "EncIdeaCbc", 3: "EncBlowfishCbc", 4: "EncRc5R16B64Cbc", 5: "EncTripleDesCbc",
                6: "EncCastCbc", 7: "EncAesCbc", 8: "EncCamelliaCbc"},
    "alg_hash": {1: "HashMd5", 2: "HashSha", 3: "HashTiger", 4: "HashSha2_256", 5: "HashSha2_384", 6: "HashSha2_512"},
    "alg_auth": {1: "AuthPreSharedKey", 2: "AuthDssSignatures", 3: "AuthRsaSignatures", 4: "AuthRsaEncryption",
                 5: "AuthRsaEncryptionRevised"},
    "alg_dh": {1: "GroupDefault768BitModp", 2: "GroupAlternate1024BitModpGroup", 5: "Group1536BitModpGroup",
               14: "Group2048BitModpGroup", 15: "Group3072BitModpGroup", 16: "Group4096BitModpGroup",
               19: "Group256BitRandomEcpGroup", 20: "Group384BitRandomEcpGroup", 21: "Group521BitRandomEcpGroup"},
    "sa_life_type": {1: "LifeTypeSeconds", 2: "LifeTypeKilobytes"},
}

ENCRYPTION, RANDOM, INTEGRITY, GROUP = 1, 2, 3, 4
TRANSFORMS = {
    ENCRYPTION: {1: "EncDesIv64", 2: "EncDes", 3: "Enc3Des", 5: "EncIdea", 7: "EncBlowfish", 11: "EncNull",
                 12: "EncAesCbc", 13: "EncAesCtr", 18: "EncAesGcm8", 19: "EncAesGcm12", 20: "EncAesGcm16",
                 28: "EncChaCha20Poly1305"},
    INTEGRITY: {0: "AuthNone", 1: "AuthHmacMd5_96", 2: "AuthHmacSha1_96", 3: "AuthDesMac", 4: "AuthKpdkMd5",
                5: "AuthAesXCBC96", 12: "AuthHmacSha2_256_128", 13: "AuthHmacSha2_384_192",
                14: "AuthHmacSha2_512_256"},
    GROUP: {0: "None", 1: "Modp768", 2: "Modp1024", 5: "Modp1536", 14: "Modp2048", 15: "Modp3072", 16: "Modp4096",
            19: "Ecp256", 20: "Ecp384", 21: "Ecp521", 22: "Modp1024s160", 31: "Curve25519"},
}
WEAK = {ENCRYPTION: (frozenset({1, 2, 9}), "weak_crypto_enc"), RANDOM: (frozenset({0, 1}), "weak_crypto_prf"),
        INTEGRITY: (frozenset({1, 3, 4}), "weak_crypto_auth"), GROUP: (frozenset({1, 2, 22}), "weak_crypto_dh")}
"""Transforms of version 2 that are no longer safe (RFC 8247), and the event that says so."""
NONE = {ENCRYPTION: (11, "no_encryption"), INTEGRITY: (0, "weak_crypto_noauth"), GROUP: (0, "weak_crypto_nodh")}
