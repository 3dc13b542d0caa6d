"""Every golden file, live: through nginx and TLS, over HTTP/1.1 and HTTP/2. Those without a database are played in
test_database_outage.py."""

import pytest

import golden


@pytest.fixture(scope="module", params=["HTTP/1.1", "HTTP/2"])
def client(request, product):
    with product.client(http2=request.param == "HTTP/2") as client:
        client.version = request.param
        yield client


@pytest.mark.parametrize("case", golden.files(), ids=lambda case: case.name)
def test_the_answer_is_that_of_the_golden_file(product, prepared, client, case):
    assert golden.play(product, prepared, client, case).http_version == client.version
