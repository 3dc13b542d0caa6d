"""`latchkey maintenance run` removes what is over and nothing else, in batches, beside whatever goes on."""

import json
import subprocess
import threading
import uuid

import pytest

from collectors import documents, pdf, place
from waiting import eventually

TASKS = [
    "retrievals abandoned", "audit log partitions made", "expired idempotency keys removed",
    "expired revocations removed", "expired webhook secrets removed", "expired link tokens removed",
    "webhook deliveries removed", "retrievals removed", "audit log partitions dropped", "stored files removed"]


def ran(product, *words, environment=None, status=0):
    """What each task did, by its name."""
    result = product.latchkey("maintenance", "run", "--json", *words, environment=environment)
    assert result.returncode == status, (result.stdout, result.stderr)
    return {task["task"]: task for task in json.loads(result.stdout)["tasks"]}


def test_it_says_in_a_line_what_each_task_did(product):
    lines = product.latchkey("maintenance", "run").stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"done      {task}" for task in TASKS]
    again = ran(product)
    assert list(again) == TASKS and {task["outcome"] for task in again.values()} == {"done"}


def test_expired_rows_go_in_more_than_one_batch_and_others_stay(product, app):
    product.sql(f"""
        INSERT INTO latchkey.revoked_tokens (token_id, client_app_id, expires_at)
        SELECT md5('maintenance' || n), '{app.client_app}',
               now() + CASE WHEN n > 1100 THEN interval '1 hour' ELSE interval '-2 hours' END
          FROM generate_series(1, 1110) AS n""")
    assert ran(product)["expired revocations removed"]["done"] == 1100
    assert int(product.value(f"""
        SELECT count(*) FROM latchkey.revoked_tokens
         WHERE client_app_id = '{app.client_app}' AND token_id IN
               (SELECT md5('maintenance' || n) FROM generate_series(1, 1110) AS n)""")) == 10


def test_deliveries_and_retrievals_that_are_over_go_by_the_ages_of_settings_and_options(product, collector):
    own = product.create_app("Maintenance")
    product.administer("webhook", "configure", own.client_app, "--url", "https://127.0.0.1:1/hook")
    token, _ = product.issued(own)
    old, new = (collector.recorded(token, {name: pdf()}) for name in ("old.pdf", "new.pdf"))
    product.sql(f"""
        UPDATE latchkey.webhook_deliveries
           SET state = 'dead', claimed_until = NULL,
               last_attempt_at = now() - CASE retrieval_id WHEN '{old}' THEN interval '8 days' ELSE '6 days' END
         WHERE client_app_id = '{own.client_app}';
        UPDATE latchkey.retrievals SET finished_at = now() - interval '20 days' WHERE id = '{old}'""")

    def left(table, column):
        return {row[0] for row in product.sql(
            f"SELECT {column} FROM latchkey.{table} WHERE client_app_id = '{own.client_app}'")}

    ran(product)
    assert left("webhook_deliveries", "retrieval_id") == left("retrievals", "id") == {old, new}
    week = {"LATCHKEY_KEEP_DELIVERIES_DAYS": "7", "LATCHKEY_KEEP_RETRIEVALS_DAYS": "30"}
    ran(product, environment=week)
    assert left("webhook_deliveries", "retrieval_id") == {new} and left("retrievals", "id") == {old, new}
    ran(product, "--keep-retrievals-days", "19", environment=week)
    assert left("retrievals", "id") == {new}
    # What was retrieved is not over.
    assert set(documents(product, token)) == {"old.pdf", "new.pdf"}
    for name, wrong in (("ABANDON_HOURS", "0"), ("KEEP_AUDIT_MONTHS", "2"), ("KEEP_DELIVERIES_DAYS", "x")):
        result = product.latchkey("maintenance", "run", environment={"LATCHKEY_" + name: wrong})
        assert result.returncode == 78 and f"LATCHKEY_{name} is not a whole number" in result.stderr


def test_files_go_when_nobody_needs_them_and_they_are_an_hour_old(product, app, collector, later):
    token, _ = product.issued(app)
    abandoned, needed, staged = pdf(), pdf(), pdf()
    collector.recorded(token, {"needed.pdf": needed})
    collector.uploaded(collector.begun(token), "staged.pdf", staged)
    retrieval = collector.begun(token)
    collector.uploaded(retrieval, "abandoned.pdf", abandoned)
    # The same name again: nobody needs what was there before.
    replaced = pdf()
    collector.uploaded(retrieval, "replaced.pdf", replaced)
    collector.uploaded(retrieval, "replaced.pdf", needed)
    product.sql(f"UPDATE latchkey.retrievals SET created_at = now() - interval '25 hours' WHERE id = '{retrieval}'")
    assert ran(product)["retrievals abandoned"]["done"] >= 1
    assert place(product, abandoned).exists() and place(product, replaced).exists()
    assert ran(product, environment=later)["stored files removed"]["done"] >= 2
    assert not place(product, abandoned).exists() and not place(product, replaced).exists()
    assert place(product, needed).exists() and place(product, staged).exists()
    assert product.request("GET", documents(product, token)["needed.pdf"]["download_url"]).content == needed


def test_old_months_of_the_audit_log_are_dropped_and_that_is_on_the_record(product):
    product.sql("""
        SET ROLE latchkey_owner;
        CREATE TABLE latchkey.audit_log_2001_02 PARTITION OF latchkey.audit_log
            FOR VALUES FROM ('2001-02-01Z') TO ('2001-03-01Z')""")
    months = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'latchkey.audit_log'::regclass"
    before = int(product.value(months))
    assert ran(product, "--actor", "timer")["audit log partitions dropped"]["done"] == 1
    assert int(product.value(months)) == before - 1
    assert product.value("SELECT actor FROM latchkey.audit_log WHERE object = 'table:audit_log_2001_02'") == "timer"


def test_one_task_that_fails_does_not_stop_the_others(product):
    found = ran(product, environment={"LATCHKEY_DOCUMENTS_FOLDER": "/nowhere/documents"}, status=1)
    assert {name for name, task in found.items() if task["outcome"] == "failed"} == {"stored files removed"}
    with product.locked("latchkey.retrievals"):
        # Longer than the administrator waits for a lock.
        options = {"PGOPTIONS": "-c lock_timeout=200ms"}
        found = ran(product, environment=options, status=1)
        text = product.latchkey("maintenance", "run", environment=options)
    failed = {name for name, task in found.items() if task["outcome"] == "failed"}
    assert failed == {"retrievals abandoned", "retrievals removed"}
    assert found["stored files removed"]["outcome"] == "done"
    assert text.returncode == 1 and "failed    retrievals removed: 0, then: the database refuses" in text.stdout


def test_without_a_folder_its_files_are_left_and_that_is_said(product):
    result = product.latchkey("maintenance", "run", environment={"LATCHKEY_DOCUMENTS_FOLDER": ""})
    assert result.returncode == 0
    assert "skipped   stored files removed: LATCHKEY_DOCUMENTS_FOLDER is not set" in result.stdout


def test_a_second_run_leaves_the_field_to_the_first(product):
    # "latchkey" in ASCII, as PostgreSQL shows the number.
    held = """
        SELECT count(*) FROM pg_locks
         WHERE locktype = 'advisory' AND granted AND classid = x'6c617463'::bit(32)::bigint
           AND objid = x'686b6579'::bit(32)::bigint"""
    with product.locked("latchkey.revoked_tokens"):
        with subprocess.Popen(
                ["latchkey", "maintenance", "run"], env=product.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, text=True) as first:
            eventually(lambda: product.value(held) == "1", 5, "the first run has begun")
            second = product.latchkey("maintenance", "run")
            # Not to wait until the first one gives up waiting for the lock.
            first.terminate()
    assert second.returncode == 0
    assert second.stdout == "another run is under way: there is nothing to do\n"
    eventually(lambda: product.value(held) == "0", 5, "the lock has gone with the first run")
    assert list(ran(product)) == TASKS


def test_a_run_touches_nothing_that_is_being_uploaded(product, app, collector, later):
    """The same contents come and go while the store is swept, again and again, as if all of them were old."""
    contents, sweeps, done = [pdf() for _ in range(4)], [], threading.Event()

    def sweep():
        while not done.is_set():
            sweeps.append(product.latchkey("maintenance", "run", environment=later).returncode)

    sweeping = threading.Thread(target=sweep)
    sweeping.start()
    try:
        for number in range(25):
            token, user = product.issued(app)
            collector.recorded(token, {f"{uuid.uuid4().hex}.pdf": content for content in contents})
            for document in documents(product, token).values():
                assert product.request("GET", document["download_url"]).content in contents
            assert all(place(product, content).exists() for content in contents), number
            product.administer("user", "erase", user, "--app", app.client_app)
            assert not any(place(product, content).exists() for content in contents), number
    finally:
        done.set()
        sweeping.join(timeout=60)
    assert len(sweeps) > 3 and set(sweeps) == {0}
