"""Addresses of stores: what they may hold, what is said of wrong ones, and that a password is never shown."""

from __future__ import annotations

import pytest

from columns.errors import StoreError, UsageError
from storage import StoreSettings
from storage.target import is_server, masked, server_target

PLAIN = "clickhouse://edge@ch.example:9000/ids"


def target(address, settings=None, **environ):
    return server_target(address, settings or StoreSettings(), environ)


def test_parts_of_an_address():
    found = target("clickhouse://edge%40north@[2001:db8::1]:9100/ids?secure=1&verify=0&compression=zstd&timeout_s=2.5"
                   "&retries=0&server_name=ch.example")
    assert (found.user, found.host, found.port, found.database) == ("edge@north", "2001:db8::1", 9100, "ids")
    assert found.where == "clickhouse://edge@north@[2001:db8::1]:9100/ids"
    assert found.options == StoreSettings(secure=True, verify=False, compression="zstd", timeout_s=2.5, retries=0,
                                          server_name="ch.example")


@pytest.mark.parametrize(("address", "port", "user"), [
    ("clickhouse://h/d", 9000, "default"), ("clickhouse://h/d?secure=1", 9440, "default"),
    ("clickhouse://u@h/d?secure=true", 9440, "u"), ("clickhouse://u@h:1/d?secure=on", 1, "u")])
def test_what_an_address_may_leave_out(address, port, user):
    found = target(address)
    assert (found.port, found.user, found.options.secure) == (port, user, "secure" in address)


def test_options_of_the_address_override_the_settings():
    settings = StoreSettings(secure=True, compression="zstd", retries=1)
    found = target(PLAIN + "?compression=none", settings)
    assert (found.options.secure, found.options.compression, found.options.retries) == (True, "none", 1)


@pytest.mark.parametrize("name", ["store", "/srv/store", "./a:b", "s:/x".replace(":", "_"), "関所", "C"])
def test_directories_are_no_servers(name):
    assert not is_server(name)


@pytest.mark.parametrize("name", ["http://h:8123/d", "clickhouse:/h/d", "clickhouses://h/d", "postgres://u:secret@h/d"])
def test_other_addresses_are_refused(name):
    with pytest.raises(UsageError, match="is not the address of a store") as caught:
        is_server(name)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("address", "words"), [
    ("clickhouse:///d", "host and database are needed"), ("clickhouse://h", "host and database are needed"),
    ("clickhouse://h/", "host and database"), ("clickhouse://h/a/b", "nothing else"),
    ("clickhouse://h/d#x", "nothing else"), ("clickhouse://h:port/d", "host or port is none"),
    ("clickhouse://h:99999/d", "host or port is none"), ("clickhouse://[::1/d", "host or port is none"),
    (PLAIN + "?secur=1", "unknown option secur; nearest valid option is secure"),
    (PLAIN + "?target=x", "unknown option target"),
    (PLAIN + "?secure=maybe", "secure=maybe; expected 1 or 0"), (PLAIN + "?timeout_s=0", "expected a number 0.1 to"),
    (PLAIN + "?retries=1.5", "expected a number 0 to 20"), (PLAIN + "?timeout_s=nan", "expected a number"),
    (PLAIN + "?compression=gzip", "expected one of lz4, zstd, none")])
def test_wrong_addresses(address, words):
    with pytest.raises(UsageError, match=words):
        target(address)


@pytest.mark.parametrize("address", [
    "clickhouse://edge:hunter2@h/d", "clickhouse://edge:hunter2@h:9000/d?secure=1", "clickhouse://:hunter2@h/d",
    "clickhouse://edge:hunter2/@h/d", "clickhouse://edge:hunter2?@h/d", "clickhouse://edge:hunter2?x@h/d",
    "clickhouse://edge:hunter2@x@h/d", PLAIN + "?password=hunter2",
    PLAIN + "?secure=1&password=hunter2"])
def test_a_password_in_an_address_is_refused_and_not_repeated(address):
    with pytest.raises(UsageError) as caught:
        target(address, SEKISHO_STORE_PASSWORD="other")
    assert "hunter2" not in str(caught.value)
    assert "SEKISHO_STORE_PASSWORD" in str(caught.value) or "is not the address" in str(caught.value)


def test_masked_addresses_keep_all_but_the_password():
    assert masked("clickhouse://u:a:b@h:1/d?x=1") == "clickhouse://u:***@h:1/d?x=1"
    assert masked(PLAIN) == PLAIN


def test_the_password_comes_from_the_environment_or_a_file(tmp_path):
    file = tmp_path / "password"
    file.write_text("from file ü\n")
    settings = StoreSettings(password_file=str(file))
    assert target(PLAIN).password == ""
    assert target(PLAIN, settings).password == "from file ü"
    assert target(f"{PLAIN}?password_file={file}").password == "from file ü"
    found = target(PLAIN, settings, SEKISHO_STORE_PASSWORD="from environment")
    assert found.password == "from environment"
    assert "from environment" not in repr(found) + found.where


def test_a_password_file_that_cannot_be_read(tmp_path):
    with pytest.raises(StoreError, match=r"the password file cannot be read \(No such file"):
        target(PLAIN, StoreSettings(password_file=str(tmp_path / "none")))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="not UTF-8"):
        target(PLAIN, StoreSettings(password_file=str(tmp_path / "binary")))
