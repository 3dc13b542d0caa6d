"""`latchkey user erase` takes all that was recorded of a user with it, and what nobody else needs out of the store."""

import json
import struct
import threading
import time

import pytest

from collectors import (
    ANOTHER_PLATFORM, PLATFORM, check_error, documents, download, page, pdf, place, stored)


@pytest.fixture(scope="module")
def announced(product):
    """An app whose webhooks go to nobody."""
    app = product.create_app("Erasure")
    # Every responder hears of it within a second, and not only the one that was asked.
    time.sleep(1)
    made = product.administer("webhook", "configure", app.client_app, "--url", "https://127.0.0.1:1/hook")
    product.secrets.add(made["webhook_secret"])
    return app


def erased(product, app, user, environment=None, status=0):
    result = product.latchkey("user", "erase", user, "--app", app.client_app, "--json", environment=environment)
    assert result.returncode == status, (result.stdout, result.stderr)
    return json.loads(result.stdout)


TABLES = ("documents", "platform_links", "retrievals", "webhook_deliveries")


def rows(product, user):
    return {table: int(product.value(f"SELECT count(*) FROM latchkey.{table} WHERE user_id = '{user}'"))
            for table in TABLES}


def test_everything_of_the_user_goes_and_everything_of_others_stays(product, announced, collector):
    (token, user), (other, other_user) = product.issued(announced), product.issued(announced)
    own, shared, staged, replaced = pdf(), pdf(), pdf(), pdf()
    collector.recorded(token, {"own.pdf": own, "shared.pdf": shared}, PLATFORM)
    collector.recorded(token, {"again.pdf": own}, ANOTHER_PLATFORM)
    collector.recorded(other, {"shared.pdf": shared}, PLATFORM)
    opened = collector.begun(token)
    collector.uploaded(opened, "late.pdf", replaced)
    collector.uploaded(opened, "late.pdf", staged)
    url = documents(product, token)["own.pdf"]["download_url"]
    assert download(product, url).content == own
    before = rows(product, other_user)

    said = erased(product, announced, user)
    assert said["erased_now"] is True and said["stored_files_left"] == 0 and said["failure"] is None
    assert said["removed"] == {
        "platform_links": 2, "documents": 3, "retrievals": 3, "deliveries": 2, "stored_files": 2}
    assert not place(product, own).exists() and not place(product, staged).exists()
    check_error(download(product, url), 403, "invalid_link")
    check_error(collector.upload(opened, "more.pdf", pdf()), 404, "not_found")
    check_error(collector.finish(opened), 404, "not_found")
    assert set(rows(product, user).values()) == {0}
    assert product.value(f"SELECT count(*) FROM latchkey.retrieval_files WHERE retrieval_id = '{opened}'") == "0"

    assert rows(product, other_user) == before
    assert download(product, documents(product, other)["shared.pdf"]["download_url"]).content == shared
    assert erased(product, announced, other_user)["removed"]["stored_files"] == 1
    assert not place(product, shared).exists()


def test_what_it_removed_is_on_the_record_once(product, announced, collector):
    token, user = product.issued(announced)
    collector.recorded(token, {"a.pdf": pdf()})
    erased(product, announced, user)
    again = erased(product, announced, user)
    assert again["erased_now"] is False and set(again["removed"].values()) == {0}
    [[detail]] = product.sql(f"""
        SELECT detail FROM latchkey.audit_log
         WHERE act = 'user.erase' AND object = 'user:{announced.client_app}/{user}'""")
    assert json.loads(detail) == {"platform_links": 1, "documents": 1, "retrievals": 1, "deliveries": 1}


def test_files_that_it_does_not_remove_are_left_to_the_maintenance(product, announced, collector, shifted_clock):
    file = product.state / "erasure-later"
    file.write_bytes(struct.pack("=q", 7200))
    file.chmod(0o644)
    contents = []
    for folder, status in (("", 0), ("/nowhere/documents", 1)):
        token, user = product.issued(announced)
        contents.append(pdf())
        collector.recorded(token, {"a.pdf": contents[-1]})
        said = erased(product, announced, user, {"LATCHKEY_DOCUMENTS_FOLDER": folder}, status)
        assert said["erased_now"] is True and said["removed"]["documents"] == 1
        assert said["removed"]["stored_files"] == 0 and said["stored_files_left"] == 1
        assert (said["failure"] is None) is (status == 0)
        assert place(product, contents[-1]).exists()
    result = product.latchkey(
        "maintenance", "run", environment={"LD_PRELOAD": str(shifted_clock), "SHIFTED_CLOCK": str(file)})
    file.unlink()
    assert result.returncode == 0, result.stdout
    assert not any(place(product, content).exists() for content in contents)


def test_a_file_that_comes_again_while_it_is_removed_is_there_in_the_end(product, announced, collector):
    """Two users have the same content, over and over: the one is erased while the other records it."""
    content = pdf()
    for _ in range(12):
        (first, leaving), (second, staying) = product.issued(announced), product.issued(announced)
        collector.recorded(first, {"same.pdf": content})
        erasing = threading.Thread(target=erased, args=(product, announced, leaving))
        erasing.start()
        collector.recorded(second, {"same.pdf": content})
        erasing.join(timeout=60)
        assert not erasing.is_alive()
        [document] = page(product, second)["documents"]
        answer = download(product, document["download_url"])
        assert answer.status_code == 200 and answer.content == content
        erased(product, announced, staying)
        assert place(product, content).name not in stored(product)


def test_an_erasure_in_the_midst_of_a_retrieval_leaves_nothing(product, announced, collector):
    for _ in range(8):
        token, user = product.issued(announced)
        contents = [pdf() for _ in range(4)]
        retrieval = collector.begun(token)
        erasing = threading.Thread(target=erased, args=(product, announced, user))
        for number, content in enumerate(contents):
            if number == 1:
                erasing.start()
            assert collector.upload(retrieval, f"{number}.pdf", content).status_code in (201, 404)
        assert collector.finish(retrieval).status_code in (200, 404)
        erasing.join(timeout=60)
        assert not erasing.is_alive()
        assert set(rows(product, user).values()) == {0}
        # What was kept before the erasure and recorded after it was asked for was refused, and removed at once.
        assert not any(place(product, content).exists() for content in contents)
