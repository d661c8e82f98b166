"""Which URLs may be registered, and that a URL is read in one way only."""

import pytest

from app.delivery.rules.urls import MAX_LENGTH, EndpointRefused, Target, check_url

GOOD = {
    "https://example.com": Target("https", "example.com", 443, "/"),
    "https://Example.COM/Hook?a=B%20c": Target("https", "example.com", 443, "/Hook?a=B%20c"),
    "HTTPS://example.com:8443/x": Target("https", "example.com", 8443, "/x"),
    "https://example.com:80?q": Target("https", "example.com", 80, "/?q"),
    "https://a_b.example.com/@me": Target("https", "a_b.example.com", 443, "/@me"),
    "https://xn--bcher-kva.example/": Target("https", "xn--bcher-kva.example", 443, "/"),
    "https://93.184.216.34/": Target("https", "93.184.216.34", 443, "/"),
    "https://[2606:4700:4700::1111]:8443/": Target("https", "2606:4700:4700::1111", 8443, "/"),
}
BAD = [
    "",
    "example.com",
    "//example.com/",
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com:443/_",
    "javascript:alert(1)",
    "https:example.com",
    "https:/example.com",
    "https:///example.com",
    "https://",
    "https:///",
    "https://user@example.com/",
    "https://user:word@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://example.com/#part",
    "https://example.com/#",
    "https://example.com\\@127.0.0.1/",
    "https:\\\\example.com/",
    "https://example.com\\.evil.example/",
    " https://example.com/",
    "https://example.com/ ",
    "https://example.com/a b",
    "https://exam\tple.com/",
    "https://example.com/\r\nHost: evil.example",
    "https://example.com/\x00",
    "https://example.com/\x7f",
    "https://example.com/\x85",
    "https://example.com/\u2028",
    "https://example.com\u3002evil.example/",
    "https://ex\u00e4mple.com/",
    "https://\u2460\u2461\u2466.0.0.1/",
    "https://\u212aample.com/",
    "https://loca\u017fhost/",
    "https://example%2ecom/",
    "https://%31%32%37.0.0.1/",
    "https://example.com:/",
    "https://example.com:0/",
    "https://example.com:22/",
    "https://example.com:443x/",
    "https://example.com:+443/",
    "https://example.com:00443/",
    "https://example.com:65536/",
    "https://example.com:99999/",
    "https://example.com:8080/",
    "https://example.com:6379/",
    "https://example.com.:443/",
    "https://.example.com/",
    "https://example..com/",
    "https://-example.com/",
    "https://example-.com/",
    "https://exa mple.com/",
    "https://exa<mple.com/",
    f"https://{'a' * 64}.example/",
    f"https://{'a.' * 130}example/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://db.internal/",
    "https://printer.local/",
    "https://intranet/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://017700000001/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://127.000.000.001/",
    "https://1.2.3.4.5/",
    "https://256.256.256.256/",
    "https://example.0x/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::808:808]/",
    "https://[2002:7f00:1::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[1.2.3.4]/",
    "https://[v1.a]/",
    "https://[2606:4700:4700::1111/",
    "https://2606:4700:4700::1111/",
    "https://[2606:4700:4700::1111]evil.example/",
]


@pytest.mark.parametrize("url", GOOD)
def test_a_plain_public_https_url_is_taken_and_read_as_written(url: str) -> None:
    assert check_url(url, allow_private=False) == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_everything_else_is_refused_with_a_reason_at_the_url(url: str) -> None:
    with pytest.raises(EndpointRefused) as refused:
        check_url(url, allow_private=False)
    assert [fault.pointer for fault in refused.value.faults] == ["/url"]
    assert refused.value.faults[0].detail


def test_a_url_has_a_longest_length() -> None:
    stem = "https://example.com/"
    assert check_url(stem.ljust(MAX_LENGTH, "a"), allow_private=False)
    with pytest.raises(EndpointRefused):
        check_url(stem.ljust(MAX_LENGTH + 1, "a"), allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/hook",
        "http://localhost:9000/hook",
        "http://receiver:3000/",
        "http://hooks.internal:8080/",
        "https://10.1.2.3:4443/",
        "http://[::1]:9000/",
        "http://[fd00::2]/",
        "https://intranet/",
    ],
)
def test_private_endpoints_may_use_http_and_any_port_where_the_installation_allows_them(url: str) -> None:
    target = check_url(url, allow_private=True)
    assert target.inside_only or target.port == 443
    with pytest.raises(EndpointRefused):
        check_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:9000/",
        "http://93.184.216.34/",
        "https://[2606:4700:4700::1111]:9000/",
        "http://169.254.169.254/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1]/",
        "http://127.1/",
        "http://2130706433/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1/#x",
    ],
)
def test_allowing_private_endpoints_lifts_nothing_else(url: str) -> None:
    with pytest.raises(EndpointRefused):
        check_url(url, allow_private=True)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://example.com/", "example.com"),
        ("https://example.com:443/", "example.com"),
        ("https://example.com:80/", "example.com:80"),
        ("https://[2606:4700:4700::1111]:8443/", "[2606:4700:4700::1111]:8443"),
    ],
)
def test_the_host_header_leaves_out_the_default_port(url: str, authority: str) -> None:
    assert check_url(url, allow_private=False).authority == authority
