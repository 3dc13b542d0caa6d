"""Two PostgreSQL servers, one a replica of the other, and latchkeyd that knows both."""

import contextlib
import shutil
import signal

import pytest

import processes
from outage import acts, check, check_acknowledged, recovered, refused
from traffic import Traffic
from waiting import eventually

REPLICATION = "local replication postgres peer map=try\n"


class Standby:
    """A replica of the product's PostgreSQL, synchronous: a commit waits until it has it, too."""

    def __init__(self, product):
        self.product = product
        self.data = product.state / "standby"
        self.sockets = product.state / "standby-run"
        self.access = product.state / "postgres/pg_hba.conf"

    def start(self):
        product = self.product
        self.access_before = self.access.read_text()
        self.access.write_text(self.access_before + REPLICATION)
        product.control_postgres("reload")
        for folder in (self.data, self.sockets):
            folder.mkdir(mode=0o700)
            shutil.chown(folder, product.account)
        primary = product["DATABASE_URL"].partition("host=")[2]
        product.run_postgres(
            "pg_basebackup", "-d", f"postgresql://postgres@/?host={primary}", "-D", str(self.data), "--checkpoint=fast",
            "--wal-method=stream", "--write-recovery-conf", "--no-sync")
        # The configuration beside the data is the primary's; what differs is said here.
        product.control_postgres(
            "start", "-l", str(product.state / "log/postgresql.log"), "-o",
            f"-c config_file={product.state}/postgres/postgresql.conf -c data_directory={self.data}"
            f" -c unix_socket_directories={self.sockets} -c fsync=off", folder="standby")
        self.set_synchronous("'*'")
        eventually(
            lambda: product.sql("SELECT sync_state FROM pg_stat_replication") == [["sync"]], 10,
            "the standby follows")

    def set_synchronous(self, names):
        self.product.sql(f"ALTER SYSTEM SET synchronous_standby_names = {names};\nSELECT pg_reload_conf();")

    def promote(self):
        self.product.control_postgres("promote", folder="standby")

    def users(self):
        url = f"postgresql://postgres@/latchkey?host={self.sockets}"
        return set(self.product.psql("SELECT id FROM latchkey.users", url).stdout.split())

    def settings(self, hosts, attributes):
        folders = {"primary": f"{self.product.state}/run", "standby": str(self.sockets)}
        return {"LATCHKEY_DATABASE_CONNINFO":
                f"host={','.join(folders[host] for host in hosts)} dbname=latchkey user=latchkey_application"
                f" target_session_attrs={attributes}"}

    def remove(self):
        """There is one server again: the product's own, as it was."""
        with contextlib.suppress(Exception):
            self.product.control_postgres("stop", "--mode=immediate", folder="standby")
        if not self.product.postgres_runs():
            self.product.start_postgres()
        self.set_synchronous("''")
        self.product.sql("ALTER SYSTEM RESET synchronous_standby_names;\nSELECT pg_reload_conf();")
        self.access.write_text(self.access_before)
        self.product.control_postgres("reload")
        for folder in (self.data, self.sockets):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def standby(product):
    server = Standby(product)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.mark.parametrize("hosts, attributes", [
    (["primary", "standby"], "read-write"), (["standby", "primary"], "read-write"),
    # Where any server will do, the standby takes connections, and refuses to write (SQLSTATE 25006).
    (["primary", "standby"], "any")])
def test_a_failover_to_the_other_host_loses_no_acknowledged_user(
        product, app, responders, standby, hosts, attributes):
    responders.start(standby.settings(hosts, attributes))
    with Traffic(product, acts(product, app), pause=0.01) as traffic:
        traffic.wait_for(10)
        assert not traffic.failures()
        processes.stop(product.postgres_pid, signal.SIGKILL)
        refused(traffic)
        traffic.wait_for(20)
        standby.promote()
        recovered(product, app)
        traffic.wait_for(10)
    responders.stop_all()
    check(traffic)
    check_acknowledged(standby, traffic)
    if attributes == "any":
        log = (product.state / "log/postgresql.log").read_text()
        assert "cannot execute INSERT in a read-only transaction" in log
