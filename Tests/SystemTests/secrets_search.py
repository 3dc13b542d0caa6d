"""Looks for secrets in files and texts, in whatever form they may have got there."""

import base64
import os
import re
import subprocess
from pathlib import Path

TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}")
SECRET = re.compile(rb"lk_(?:live|test|coll|link)_[A-Za-z0-9_-]{20,}|whsec_[A-Za-z0-9+/]{20,}")
# What is signed of a download's address: a key's name, 40 bytes, and the signature.
LINK = re.compile(rb"\.[A-Za-z0-9_-]{54}\.[A-Za-z0-9_-]{43}")
PREFIXES = ("lk_live_", "lk_test_", "lk_coll_", "lk_link_", "whsec_")


def forms(value):
    """How bytes may be written: as they are, and in base64, base64url and hexadecimal."""
    text = {base64.b64encode(value).rstrip(b"="), base64.urlsafe_b64encode(value).rstrip(b"="), value.hex().encode(),
            value.hex().upper().encode(), ",".join(map(str, value)).encode(), ", ".join(map(str, value)).encode()}
    return {value} | text


class Search:
    """For secrets and keys in all forms, and for tokens and addresses by the parts that no other has."""

    def __init__(self, secrets, issued, scratch):
        patterns = set()
        for secret in secrets:
            patterns |= forms(secret.encode())
            # A key of a JWK set is base64url itself. What a secret has after its prefix is random as well.
            key = re.fullmatch(r"[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{86}", secret)
            patterns |= forms(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))) if key else set()
            for prefix in PREFIXES:
                if secret.startswith(prefix):
                    patterns.add(secret.removeprefix(prefix).encode())
            # A webhook's secret is base64 of the key that signs.
            if secret.startswith("whsec_"):
                patterns |= forms(base64.b64decode(secret.removeprefix("whsec_")))
        for token in issued:
            _, payload, signature = token.split(".")
            patterns |= {payload.encode(), signature.encode()}
        assert all(len(pattern) >= 32 for pattern in patterns)
        # grep takes a pattern a line; what holds a line feed is looked for here.
        self.broken = {pattern for pattern in patterns if b"\n" in pattern}
        self.file = Path(scratch) / "patterns"
        self.file.write_bytes(b"\n".join(sorted(patterns - self.broken)) + b"\n")

    def in_files(self, paths):
        """Those of the files that hold one."""
        paths = [str(path) for path in paths]
        result = subprocess.run(
            ["grep", "--files-with-matches", "--text", "--fixed-strings", f"--file={self.file}", "--", *paths],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        # Files of a database that runs may go meanwhile.
        assert result.returncode in (0, 1) or "No such file" in result.stderr, result.stderr
        found = set(result.stdout.splitlines())
        for path in paths:
            if os.path.exists(path) and self.is_suspicious(Path(path).read_bytes()):
                found.add(path)
        return found

    def is_suspicious(self, text):
        return bool(any(pattern in text for pattern in self.broken)
                    or TOKEN.search(text) or SECRET.search(text) or LINK.search(text))

    def in_texts(self, texts):
        """The names of those that hold one. All at once: with the tokens of a long run grep needs a while to begin."""
        files = {}
        for number, (name, text) in enumerate(texts.items()):
            files[self.file.with_name(f"text-{number}")] = name
            self.file.with_name(f"text-{number}").write_bytes(text)
        found = {files[Path(path)] for path in self.in_files(files)}
        for path in files:
            path.unlink()
        return found
