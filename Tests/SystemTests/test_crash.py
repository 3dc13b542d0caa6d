"""latchkeyd is killed in the middle of token requests."""

import time
import uuid

from traffic import Traffic
from waiting import eventually

KILLS = 12


def acts(product, app, count):
    def issue(client):
        return product.token(app, client=client)

    def issue_with_key(client):
        # What a careful client does: it asks with the same key until it has an answer.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        for _ in range(50):
            answer = product.token(app, client=client, headers=headers)
            if answer.status_code != 503:
                return answer
            time.sleep(0.05)
        return answer

    return [issue] * count + [issue_with_key] * count


def test_no_acknowledged_user_is_missing_after_kills_with_the_sockets_kept(product, app, responders):
    responders.bind()
    responders.start()
    with Traffic(product, acts(product, app, 4)) as traffic:
        for _ in range(KILLS):
            traffic.wait_for(4)
            responders.running[-1].kill()
            responders.start()
    check(product, traffic)


def test_no_acknowledged_user_is_missing_after_kills_with_sockets_of_its_own(product, app, responders):
    responders.start()
    with Traffic(product, acts(product, app, 4), pause=0.005) as traffic:
        for _ in range(KILLS):
            traffic.wait_for(4)
            responders.running[-1].kill()
            # It finds the socket files of the one that was killed, and replaces them.
            responders.start()
            eventually(lambda: product.token(app).status_code == 200, 1, "tokens are issued again")
    check(product, traffic)


def check(product, traffic):
    assert not traffic.failures(expected=(200, 503))
    acknowledged = [one.answer.json()["taiki_user_id"] for one in traffic.outcomes if one.status == 200]
    assert len(acknowledged) >= 4 * KILLS
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= product.users()
