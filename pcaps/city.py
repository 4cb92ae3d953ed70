"""The hosts of the fictional city 架空市, as the policy zones/examples/city.toml knows them."""

from __future__ import annotations

from pcaps.scene import Host, mac_of

DESKS = 8
"""Work places that are switched on in each zone; few, so that captures stay small."""


def own(ip: str, vlan: int, name: str = "", ttl: int = 128) -> Host:
    """Return a host on one of the city's own VLANs."""
    return Host(ip, vlan=vlan, name=name, ttl=ttl)


def far(ip: str, ttl: int = 56) -> Host:
    """Return a host beyond the city's routers."""
    return Host(ip, ttl=ttl)


class City:
    """Everybody by role, zone by zone."""

    # マイナンバー利用事務系
    mynumber_desks = tuple(own(f"10.10.1.{10 + n}", 110, f"kojin-{n}") for n in range(DESKS))
    mynumber_directory = own("10.10.0.10", 110, "kojin-ad")
    exchange_server = own("10.10.5.10", 110, "renkei")  # C11: 02:00:00:10:05:10
    application_server = own("10.10.6.10", 110, "shinsei")  # C12
    log_forwarder = own("10.10.9.9", 110, "log", ttl=64)  # C15
    # LGWAN接続系
    lgwan_desks = tuple(own(f"10.20.1.{40 + n}", 120, f"lg-{n}") for n in range(DESKS))
    lgwan_mail = own("10.20.1.25", 120, "lg-mail", ttl=64)
    lgwan_directory = own("10.20.0.10", 120, "lg-ad")
    update_server = own("10.20.2.10", 120, "lg-wsus")  # C10
    breakout = own("10.20.3.10", 120, "lg-breakout", ttl=64)  # C14
    business_server = own("10.20.5.20", 120, "lg-gyomu", ttl=64)  # C16
    intake_server = own("10.20.6.10", 120, "lg-shinsei", ttl=64)  # C12
    report_server = own("10.20.7.10", 120, "lg-chohyo", ttl=64)  # C17
    # 無害化ゲートウェイ
    gateway_in = own("10.25.0.10", 125, ttl=64)
    gateway_out = own("10.25.0.11", 125, ttl=64)
    gateway_mail = own("10.25.0.25", 125, ttl=64)
    # インターネット接続系
    inet_desks = tuple(own(f"10.30.2.{40 + n}", 130, f"net-{n}") for n in range(DESKS))
    inet_desks6 = tuple(
        Host(f"2001:db8:30:2::{40 + n:x}", vlan=130, mac=mac_of(30, 2, 40 + n)) for n in range(DESKS))
    inet_mail = own("10.30.1.25", 130, "net-mail", ttl=64)
    inet_directory = own("10.30.0.10", 130, "net-ad")
    screens = tuple(own(f"10.30.8.{10 + n}", 130, f"vdi-{n}") for n in range(DESKS))
    # 公開セグメント, 監視基盤
    public_web = own("10.31.0.80", 131, "www", ttl=64)
    log_server = own("10.40.0.5", 140, "log-server", ttl=64)
    # beyond the routers
    lgwan_asp = far("100.64.3.20", 58)
    lgwan_mail_hub = far("100.64.1.25", 58)
    lgwan_dns = far("100.64.0.53", 58)
    lgwan_ntp = far("100.64.0.123", 58)
    intermediate_server = far("100.64.7.5", 58)
    report_center = far("100.64.7.20", 58)
    update_platform = far("100.64.9.10", 58)
    vendor = far("100.64.8.20", 58)
    govcloud = far("10.50.0.20", 60)
    proxy = far("198.51.100.80", 60)
    proxy6 = far("2001:db8:98::80", 60)
    cloud_dns = far("198.51.100.53", 60)
    cloud_ntp = far("198.51.100.123", 60)
    cloud_mail = far("198.51.100.25", 60)
    waf = tuple(far(f"198.51.100.{200 + n}", 60) for n in range(4))
    office_cloud = far("192.0.2.40", 52)


PRIVATE_LINE_MAC = mac_of(50, 0, 254)
"""The far router of the private line to the government cloud: there the zone's router is the sender (C13)."""

CITY = City()

SITES = ("www.bunka.example", "map.chizu.example", "news.shimbun.example", "travel.kanko.example", "tenki.example",
         "kensaku.example", "video.haishin.example", "law.horei.example")
"""Sites that people visit; names under .example belong to nobody (RFC 2606)."""


def router_of(host: Host) -> Host:
    """Return the router (and DHCP server) of a host's VLAN."""
    net = host.ip.rsplit(".", 1)[0]
    return Host(f"{net}.254", vlan=host.vlan, mac=host.router_mac, ttl=64)
