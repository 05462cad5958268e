"""Which addresses belong to the public internet, and how URLs are spelled."""

from __future__ import annotations

import pytest

from content_sources.addresses import BadAddress, is_public, read


@pytest.mark.parametrize("host", [
    "93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    "2002:808:808::1"])
def test_public_addresses_are_public(host: str) -> None:
    assert is_public(host)


@pytest.mark.parametrize("host", [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
    "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:a00:1::", "2001::1",
    "no address", ""])
def test_everything_else_is_not(host: str) -> None:
    assert not is_public(host)


@pytest.mark.parametrize(("url", "clean"), [
    ("HTTPS://Example.ORG", "https://example.org/"),
    ("https://example.org:443/a#part", "https://example.org/a"),
    ("http://example.org:8080/", "http://example.org:8080/"),
    ("https://münchen.de/straße?q=ä b", "https://xn--mnchen-3ya.de/stra%C3%9Fe?q=%C3%A4%20b"),
    ("https://straße.de/", "https://xn--strae-oqa.de/"),
    ("http://[2606:2800::1]:80/", "http://[2606:2800::1]/"),
    ("https://example.org/a%20b?x=1&y=2", "https://example.org/a%20b?x=1&y=2"),
    (" https://example.org/\n", "https://example.org/")])
def test_a_url_has_one_spelling(url: str, clean: str) -> None:
    assert read(url).url == clean
    assert read(clean).url == clean


def test_a_place_is_host_and_port() -> None:
    assert read("http://localhost:8100/x").place == "localhost:8100"
    assert read("https://[::1]/").place == "[::1]:443"


@pytest.mark.parametrize("url", [
    "https://ex\u2044ample.org\\@evil.org/", "https://a\x00b.org/", "https://-\u00ad/",
    "https://xn--" + "ü" * 70 + ".de/", "https://a_b c/", "//example.org/"])
def test_malformed_addresses_are_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        read(url)
