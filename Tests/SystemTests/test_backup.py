"""A backup of the database, restored into a fresh cluster, is a working Latchkey, and nothing without the key files."""

import hashlib
import hmac
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import tokens


@pytest.fixture
def fresh_cluster(product):
    """An empty PostgreSQL of its own, with the settings and logins of deploy/try's; its folder."""
    [programs] = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
                  if path.parts[4] == (product.state / "postgres/data/PG_VERSION").read_text().strip()]
    folder = Path(tempfile.mkdtemp(prefix="restored-", dir=product.state / "run"))
    if os.geteuid() == 0:
        shutil.chown(folder, product.account)

    def run(program, *words):
        subprocess.run(
            product.as_account(str(programs / program), *words), check=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, cwd=folder, timeout=90)

    run("initdb", f"--pgdata={folder}/data", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
        "--auth=peer", "--no-sync", "--no-instructions")
    for name in ("pg_hba.conf", "pg_ident.conf"):
        (folder / "data" / name).write_text((product.state / "postgres" / name).read_text())
    log = product.state / "log/postgresql-restored.log"
    log.touch()
    if os.geteuid() == 0:
        shutil.chown(log, product.account)
    run("pg_ctl", "start", "--silent", "--wait", "-D", f"{folder}/data", "-l", str(log),
        "-o", f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c dynamic_shared_memory_type=mmap"
              " -c log_min_error_statement=panic -c log_error_verbosity=terse")
    try:
        yield folder
    finally:
        run("pg_ctl", "stop", "--silent", "--wait", "--mode=immediate", "-D", f"{folder}/data")
        shutil.rmtree(folder)


def restore(product, folder):
    """As migrations/README.md says: the roles, then the database with its rights and settings."""
    url = product["DATABASE_URL"]
    for command in (["pg_dumpall", "--globals-only", "-d", url, "-f", f"{folder}/roles.sql"],
                    ["pg_dump", "--create", "-Fc", "-d", url, "-f", f"{folder}/latchkey.dump"]):
        subprocess.run(command, check=True, timeout=60)
    there = ["-h", str(folder), "-U", "postgres"]
    # The role `postgres` is there already, which is the one error that psql may tell of.
    subprocess.run(["psql", "-X", "-q", *there, "-d", "postgres", "-f", f"{folder}/roles.sql"], check=True,
                   capture_output=True, timeout=60)
    subprocess.run(["pg_restore", "--create", "--exit-on-error", *there, "-d", "postgres", f"{folder}/latchkey.dump"],
                   check=True, timeout=60)


def test_a_restored_backup_is_a_working_instance(product, app, fresh_cluster, responders):
    responders.start()
    token, user = product.issued(app)
    revoked, _ = product.issued(app)
    product.administer("token", "revoke", input=revoked)
    counted = "SELECT (SELECT count(*) FROM latchkey.users), (SELECT count(*) FROM latchkey.audit_log)"
    before = product.sql(counted)
    restore(product, fresh_cluster)
    url = product["DATABASE_URL"]
    original = f"host={product.state}/run"
    conninfo = next(line.partition("=")[2] for line in (product.state / "latchkeyd.conf").read_text().splitlines()
                    if line.startswith("LATCHKEY_DATABASE_CONNINFO="))
    assert original in conninfo and original in url
    restored = conninfo.replace(original, f"host={fresh_cluster}")
    responders.running[-1].stop()
    responders.start({"LATCHKEY_DATABASE_CONNINFO": restored})
    product.environment["LATCHKEY_DATABASE_URL"] = url.replace(original, f"host={fresh_cluster}")
    try:
        assert product.sql(counted) == before
        assert product.verify(token).json() == {"valid": True, "taiki_user": user, "client": app.client_app}
        assert product.verify(revoked).status_code == 401
        assert product.token(app, api_secret="wrong").status_code == 401
        again, same = product.issued(app, taiki_user_id=user)
        assert same == user and product.verify(again).status_code == 200
        made, new = product.issued(app)
        assert product.verify(made).status_code == 200 and new in product.users()
        doctor = product.latchkey("doctor", environment={"LATCHKEY_DATABASE_CONNINFO": restored})
        assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    finally:
        product.environment["LATCHKEY_DATABASE_URL"] = url
    # The time-outs of the roles came along.
    settings = subprocess.run(
        ["psql", "-X", "-A", "-t", "-h", str(fresh_cluster), "-U", "latchkey_application", "-d", "latchkey", "-c",
         "SHOW statement_timeout"], check=True, capture_output=True, text=True, timeout=20).stdout
    assert settings.strip() == "1500ms"
    assert new not in product.users()


def test_the_backup_alone_proves_no_secret(product, app):
    """Without the secret-hash key no stored hash is that of a secret, by any plain hash."""
    stored = {row[0] for row in product.sql("SELECT encode(secret_hash, 'hex') FROM latchkey.secrets")}
    secret = app.api_secret.encode()
    for name in sorted(hashlib.algorithms_guaranteed):
        if not name.startswith("shake"):
            assert hashlib.new(name, secret).hexdigest() not in stored
    keys = tokens.read_keys(product.key_files[1])
    assert any(hmac.new(key, secret, hashlib.sha256).hexdigest() in stored for _, key in keys)
