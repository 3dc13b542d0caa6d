"""TLS as Mozilla's intermediate profile has it."""

import json
import re
import ssl
import subprocess

import pytest

import rawhttp

INTERMEDIATE_1_2 = {
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
}


def handshake(product, *options):
    """What openssl says of a handshake: the protocol and the cipher, or None where there was none."""
    result = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{product.port}", "-servername", "localhost", "-CAfile",
         product["CA_FILE"], "-verify_return_error", *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    found = re.search(r"^New, (TLSv[0-9.]+), Cipher is (\S+)$", result.stdout, re.MULTILINE)
    return found.groups() if found and result.returncode == 0 else None


def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(product):
    assert handshake(product, "-tls1_3")[0] == "TLSv1.3"
    assert handshake(product, "-tls1_2")[0] == "TLSv1.2"
    for old in ("-tls1_1", "-tls1"):
        assert handshake(product, old, "-cipher", "ALL:@SECLEVEL=0") is None


def test_only_the_profiles_ciphers_are_offered(product):
    names = subprocess.run(
        ["openssl", "ciphers", "-tls1_2", "-s", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], capture_output=True, text=True,
        check=True).stdout.strip().split(":")
    names = [name for name in names if not name.startswith("TLS_")]
    assert len(names) > 20
    accepted = {name for name in names if handshake(product, "-tls1_2", "-cipher", f"{name}:@SECLEVEL=0")}
    assert accepted
    assert accepted <= INTERMEDIATE_1_2


def test_the_ciphers_are_those_of_mozillas_file(testdata):
    guidelines = json.loads(next(testdata("mozilla-tls").glob("guidelines-*.json")).read_text())
    assert set(guidelines["configurations"]["intermediate"]["ciphers"]["openssl"]) >= INTERMEDIATE_1_2


def test_a_client_that_prefers_chacha20_gets_it(product):
    aes, chacha = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"
    assert handshake(product, "-tls1_2", "-cipher", f"{chacha}:{aes}") == ("TLSv1.2", chacha)
    assert handshake(product, "-tls1_2", "-cipher", f"{aes}:{chacha}") == ("TLSv1.2", aes)


def test_http_2_is_chosen_by_alpn(product):
    for protocol in ("h2", "http/1.1"):
        context = ssl.create_default_context(cafile=product["CA_FILE"])
        context.set_alpn_protocols([protocol])
        with rawhttp.connect(product, context=context) as connection:
            assert connection.selected_alpn_protocol() == protocol


def test_the_certificate_is_for_localhost_alone(product):
    with rawhttp.connect(product, server_name="localhost"):
        pass
    with pytest.raises(ssl.SSLCertVerificationError):
        rawhttp.connect(product, server_name="example.org")


def test_browsers_are_told_to_come_by_https_and_to_believe_the_type(product):
    for answer in (product.verify("x"), product.post(product.base_url() + "/nowhere")):
        assert answer.headers.get_list("strict-transport-security") == ["max-age=63072000"]
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        assert "access-control-allow-origin" not in answer.headers


def test_plain_http_is_never_answered_with_success_or_a_redirect(product):
    [answer] = rawhttp.exchange(
        product, b"POST /api/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", tls=False)
    assert answer.status == 400
    assert "location" not in answer.headers
