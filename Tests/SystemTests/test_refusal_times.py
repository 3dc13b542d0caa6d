"""How long the refusals of credentials take: no client can tell by its clock which API keys there are."""

import random
import statistics
import time
import uuid

ROUNDS = 300


def test_unknown_keys_and_wrong_secrets_take_the_same_time(product, app):
    """The medians are within 20 ms of each other, and of half of their size: one that were answered without asking the
    database would take a third of the others' time. The order is random: whatever else this machine does meets all."""
    bodies = {
        "unknown key": lambda: app.credentials | {"api_key": str(uuid.uuid4())},
        "malformed key": lambda: app.credentials | {"api_key": "no UUID"},
        "wrong secret": lambda: app.credentials | {"api_secret": app.api_secret[:-6] + "AAAAAA"},
        "short secret": lambda: app.credentials | {"api_secret": "x"},
    }
    order = list(bodies) * ROUNDS
    random.Random(20240312).shuffle(order)
    seconds = {name: [] for name in bodies}
    names = {}
    with product.client() as client:
        for name in order:
            body, request_id = bodies[name](), uuid.uuid4().hex
            began = time.perf_counter()
            answer = client.post(product.base_url() + "/api/token", json=body, headers={"X-Request-Id": request_id})
            seconds[name].append(time.perf_counter() - began)
            assert answer.status_code == 401
            names[request_id] = name
    check({name: statistics.median(values) for name, values in seconds.items()})
    # What the responder itself measured, without nginx, TLS and this client.
    inside = {name: [] for name in bodies}
    for line in product.log_lines():
        if line.get("request_id") in names:
            inside[names[line["request_id"]]].append(line["duration_us"] / 1e6)
    assert min(map(len, inside.values())) > ROUNDS * 0.9
    check({name: statistics.median(values) for name, values in inside.items()})


def check(medians):
    least, most = min(medians.values()), max(medians.values())
    assert most - least < 0.020, medians
    assert least > most / 2, medians
