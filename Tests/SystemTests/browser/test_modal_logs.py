"""After the others: nothing that was secret in a browser is in a log."""

import re
import uuid
from pathlib import Path

import pytest

from secrets_search import TOKEN
from waiting import eventually

pytestmark = pytest.mark.last

# Tokens and states are compact tokens; then the key of the modal's session, and the sandbox bank's password.
SECRETS = re.compile(TOKEN.pattern + rb"|lk_link_[A-Za-z0-9_-]{8,}|pass_good")


def test_no_log_has_a_token_a_state_a_session_or_a_password(modal, company, product):
    modal.open().retrieve()
    company.delivered()
    name = uuid.uuid4().hex
    product.post(product.base_url() + "/api/verify-token", headers={"X-Request-Id": name})
    eventually(lambda: name in Path(product["NGINX_LOG"]).read_text(), 5, "nginx has written what it held back")
    logs = [path for path in (product.state / "log").rglob("*") if path.is_file()]
    assert any(b"/api/link/attempts" in path.read_bytes() for path in logs)
    assert {path.name for path in logs if SECRETS.search(path.read_bytes())} == set()
