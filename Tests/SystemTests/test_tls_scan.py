"""What testssl.sh finds: nothing above "low" but what is deploy/try's own certificate's."""

import json
import os
import re
import shutil
import subprocess

import pytest

# Of the certificate that deploy/try makes, for localhost and by an authority of its own: none is a server's that
# deploy/README.md leads to. The findings' names may have a number of the certificate behind them.
OF_THE_CERTIFICATE = {
    "cert_chain_of_trust": "the authority is deploy/try's own, which no store holds",
    "cert_trust": "likewise",
    "cert_revocation": "it names neither a list of revoked certificates nor an OCSP responder",
    "cert_crlDistributionPoints": "likewise",
    "cert_ocspURL": "likewise",
    "OCSP_stapling": "without an OCSP responder there is nothing to staple",
    "DNS_CAArecord": "localhost has no DNS records",
    "certificate_transparency": "only public authorities log their certificates",
    "cert_expirationStatus": "deploy/try makes it for 30 days, and anew before they are over",
    "cert_notAfter": "likewise",
    "overall_grade": "sums up the chain of trust",
    "grade_cap_reason_1": "likewise",
}
# Of the machine that runs testssl.sh, not of the server.
OF_THE_CLIENT = {"engine_problem": "its openssl does not know GOST, a Russian family of ciphers"}
LEVELS = ["DEBUG", "OK", "INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN", "FATAL"]


@pytest.fixture(scope="module")
def findings(product, tmp_path_factory):
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    assert program, "testssl.sh is not installed"
    folder = tmp_path_factory.mktemp("testssl")
    # Protocols, categories of ciphers, server's choice, forward secrecy, defaults, headers and vulnerabilities: all but
    # the simulation of some 40 clients and each single cipher, which test_tls.py tries.
    command = [program, "--warnings", "off", "--color", "0", "--quiet", "--nodns", "none", "--ip", "127.0.0.1",
               "--add-ca", product["CA_FILE"], "-p", "-s", "-P", "-S", "-f", "-h", "-U"]
    for number in range(3):
        file = folder / f"findings-{number}.json"
        result = subprocess.run(
            [*command, "--jsonfile", str(file), f"localhost:{product.port}"], env=os.environ | {"TERM": "dumb"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280)
        found = json.loads(file.read_text())
        assert len(found) > 80, result.stdout
        # A check that could not be made on a busy machine has found nothing, and is made again.
        if not any("connect problem" in finding["finding"] for finding in found):
            break
    return found


def test_it_looked_at_all_of_it(findings):
    names = {finding["id"] for finding in findings}
    expected = {"SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3", "cipherlist_NULL", "cipherlist_3DES_IDEA",
                "heartbleed", "CCS", "ticketbleed", "ROBOT", "secure_renego", "secure_client_renego", "CRIME_TLS",
                "BREACH", "POODLE_SSL", "SWEET32", "FREAK", "DROWN", "LOGJAM", "BEAST", "LUCKY13", "RC4", "HSTS_time"}
    assert expected <= names, expected - names
    offered = {finding["id"]: finding["finding"] for finding in findings}
    assert offered["TLS1_2"].startswith("offered") and offered["TLS1_3"].startswith("offered")


def test_nothing_is_above_low(findings):
    bad = [finding for finding in findings
           if LEVELS.index(finding["severity"]) > LEVELS.index("LOW")
           and re.sub(r" <.*>$", "", finding["id"]) not in OF_THE_CERTIFICATE | OF_THE_CLIENT]
    assert not bad, json.dumps(bad, indent=1)


def test_only_what_is_found_is_excused(findings):
    names = {re.sub(r" <.*>$", "", finding["id"]) for finding in findings}
    assert names & set(OF_THE_CERTIFICATE)
