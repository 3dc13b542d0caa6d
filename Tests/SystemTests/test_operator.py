"""What latchkeyd says to its operator: at its start, of its configuration, and of what it cannot work with."""

import base64
import contextlib
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from product import CHECKOUT
from responders import LANES
from waiting import eventually


@pytest.fixture
def config(product):
    """Writes a configuration file: that of the product with sockets of its own, changed by `changes`."""
    folder = product.parent / f"operator-{os.urandom(4).hex()}"
    folder.mkdir(mode=0o755)
    own = folder / "run"
    own.mkdir()
    with contextlib.suppress(PermissionError):
        os.chown(own, Path(product["KEYS_FILE"]).stat().st_uid, -1)

    def write(**changes):
        settings = dict(line.split("=", 1) for line in (product.state / "latchkeyd.conf").read_text().splitlines()
                        if not line.startswith("#"))
        settings |= {f"LATCHKEY_{lane.upper()}_SOCKET": f"{own}/{lane}.sock" for lane in LANES}
        settings |= {"LATCHKEY_" + name: value for name, value in changes.items()}
        path = folder / "latchkeyd.conf"
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items() if value is not None))
        return path

    write.folder = folder
    return write


def copy_of_keys(product, folder, name="tokens.jwks"):
    """The key file again, private and the account's own, to be spoilt."""
    source = Path(product["KEYS_FILE"])
    copy = folder / name
    copy.write_bytes(source.read_bytes())
    copy.chmod(0o600)
    with contextlib.suppress(PermissionError):
        os.chown(copy, source.stat().st_uid, source.stat().st_gid)
    return copy


def sentence(text):
    """One sentence for a person: a single line, no trace of a program."""
    assert 20 <= len(text) <= 500, text
    assert not re.search(r"Swift|Error\(|fatal|0x[0-9a-f]{6}|Optional\(", text), text
    return text


def refused_start(product, path, settings=None):
    """Starts latchkeyd, which must end by itself with one line of log; why it did not start."""
    result = product.latchkeyd("--config", str(path), settings=settings)
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert result.stdout == ""
    [line] = [json.loads(line) for line in result.stderr.splitlines()]
    assert line["level"] == "error" and line["message"] == "cannot start"
    return sentence(line["reason"])


def mistakes(product, path=None, settings=None, check=False):
    """Starts it with a wrong configuration: the sentences."""
    words = ["--config", str(path)] if path else []
    result = product.latchkeyd(*words, *(["--check-config"] if check else []), settings=settings)
    assert result.returncode == 78, (result.returncode, result.stderr)
    lines = result.stderr.splitlines()
    assert lines and all(line.startswith("latchkeyd: ") for line in lines)
    return [sentence(line) for line in lines]


# Configuration

def test_check_config_prints_what_was_understood_and_no_secret(product, config):
    path = config(VERIFY_WORKERS="3", LEEWAY_SECONDS="5")
    result = product.latchkeyd("--config", str(path), "--check-config", settings={"LATCHKEY_LOG_LEVEL": "debug"})
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    shown = result.stdout.splitlines()
    for line in ("LATCHKEY_VERIFY_WORKERS=3", "LATCHKEY_LEEWAY_SECONDS=5", "LATCHKEY_LOG_LEVEL=debug",
                 "LATCHKEY_STALE_SECONDS=30", "LATCHKEY_DATABASE_WORKERS=4",
                 f"LATCHKEY_KEYS_FILE={product['KEYS_FILE']}"):
        assert line in shown, result.stdout
    for key in json.loads(Path(product["KEYS_FILE"]).read_text())["keys"]:
        assert key["kid"] in result.stdout
    for secret in product.secrets:
        assert secret not in result.stdout


def test_what_check_config_prints_is_a_configuration(product, config):
    first = product.latchkeyd("--config", str(config()), "--check-config")
    again = config.folder / "again.conf"
    again.write_text(first.stdout)
    second = product.latchkeyd("--config", str(again), "--check-config")
    assert second.returncode == 0, second.stderr
    assert second.stdout == first.stdout


def test_the_environment_wins_over_the_file(product, config):
    path = config(DATABASE_WORKERS="2")
    result = product.latchkeyd("--config", str(path), "--check-config", settings={"LATCHKEY_DATABASE_WORKERS": "9"})
    assert "LATCHKEY_DATABASE_WORKERS=9" in result.stdout.splitlines()


MISTAKES = [
    ("VERIFY_WORKERS", "0"), ("DATABASE_WORKERS", "many"), ("SOCKET_TIMEOUT_SECONDS", "-1"),
    ("DATABASE_DEADLINE_MILLISECONDS", "1e3"), ("LEEWAY_SECONDS", "61"), ("STALE_SECONDS", "0"),
    ("POLL_MILLISECONDS", "1"), ("DRAIN_SECONDS", "99999999999999999999"), ("LOG_LEVEL", "loud"),
    ("PEER_USERS", "nobody-of-this-name"), ("SOCKET_GROUP", "no-such-group"), ("DATABASE_CONNINFO", "dbname latchkey"),
    ("DATABASE_CONNINFO", "host=/run password=hunter2"),
    ("DATABASE_CONNINFO", "postgresql://user:hunter2@/latchkey"), ("UPLOAD_WORKERS", "0"), ("RETRIEVAL_FILES", "-1"),
    ("RETRIEVAL_MEBIBYTES", "all"), ("PRODUCTION_URL", "http://localhost"), ("SANDBOX_URL", "https://localhost/"),
]


@pytest.mark.parametrize("name, value", MISTAKES)
@pytest.mark.parametrize("check", [False, True], ids=["start", "check"])
def test_each_wrong_value_is_one_sentence_that_names_the_setting(product, config, name, value, check):
    [line] = mistakes(product, config(**{name: value}), check=check)
    assert "LATCHKEY_" + name in line
    assert "hunter2" not in line


def test_several_mistakes_are_a_sentence_each(product, config):
    lines = mistakes(product, config(VERIFY_WORKERS="0", STALE_SECONDS="x", LOG_LEVEL="loud"), check=True)
    assert len(lines) == 3


REQUIRED = ["DATABASE_CONNINFO", "KEYS_FILE", "SECRET_HASH_KEYS_FILE", "DOWNLOAD_KEYS_FILE", "DOCUMENTS_FOLDER",
            "PRODUCTION_URL", "SANDBOX_URL"]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_setting_that_is_not_there_is_asked_for(product, config, name):
    [line] = mistakes(product, config(**{name: None}))
    assert f"LATCHKEY_{name} is not set" in line


def test_without_any_setting_all_that_is_needed_is_asked_for(product):
    assert len(mistakes(product)) == len(REQUIRED)


def test_a_configuration_file_that_is_not_there_says_so(product):
    assert "/nowhere/latchkeyd.conf" in mistakes(product, "/nowhere/latchkeyd.conf")[0]


def test_a_line_that_is_no_setting_is_named_by_its_number(product, config):
    path = config()
    path.write_text(path.read_text() + "LATCHKEY_VERIFY_WORKER=3\nnonsense\n" + "LATCHKEY_LOG_LEVEL=info\n" * 2)
    count = len(path.read_text().splitlines())
    lines = mistakes(product, path)
    assert [re.search(r"line (\d+)", line)[1] for line in lines] == [str(count - 3), str(count - 2), str(count)]


def test_a_wrong_option_is_refused(product):
    assert product.latchkeyd("--what").returncode == 64


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_are_there(product, option):
    result = product.latchkeyd(option)
    assert result.returncode == 0
    assert result.stdout.strip()


# Key files

def keys_with(**changes):
    k = base64.urlsafe_b64encode(os.urandom(33)).decode()
    key = {"kty": "oct", "kid": "a", "alg": "HS256", "use": "sig", "k": k}
    return json.dumps({"keys": [{name: value for name, value in (key | changes).items() if value is not None}]})


SPOILT_KEYS = {
    "not JSON": ("secret", "JSON"),
    "empty": ("", "JSON"),
    "no keys": ('{"keys":[]}', "no key"),
    "too short": (keys_with(k="c2hvcnQ"), "at least 32"),
    "31 bytes": (keys_with(k="6Yd9mXpQ2rT8vW3zK5nB7cF1gH4jL0aS9dE2uI6oPw"), "at least 32"),
    "one byte again and again": (keys_with(k="YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"), "bytes"),
    "a typed phrase": (keys_with(k="bXktc2VjcmV0LXBhc3N3b3JkLWNoYW5nZW1lLTEyMzQ1Njc4OTA"), "phrase"),
    "another algorithm": (keys_with(alg="RS256"), "alg"),
    "no algorithm": (keys_with(alg=None), "alg"),
    "no name": (keys_with(kid=None), "kid"),
    "another type": (keys_with(kty="RSA"), "kty"),
    "another use": (keys_with(use="enc"), "use"),
}


KEY_FILES = ["KEYS_FILE", "SECRET_HASH_KEYS_FILE", "DOWNLOAD_KEYS_FILE"]


@pytest.mark.parametrize("fault", SPOILT_KEYS)
@pytest.mark.parametrize("setting", KEY_FILES)
def test_a_key_that_cannot_be_used_stops_the_start(product, config, setting, fault):
    content, words = SPOILT_KEYS[fault]
    copy = copy_of_keys(product, config.folder)
    copy.write_text(content)
    path = config(**{setting: str(copy)})
    for reason in (refused_start(product, path), mistakes(product, path, check=True)[0]):
        assert words in reason
        # Whatever is wrong with a key, it is not shown.
        for secret in re.findall(r'"k": "([^"]+)"', content):
            assert secret not in reason


@pytest.mark.parametrize("setting", KEY_FILES)
def test_a_missing_key_file_stops_the_start(product, config, setting):
    reason = refused_start(product, config(**{setting: "/nowhere/keys.jwks"}))
    assert "/nowhere/keys.jwks" in reason and "No such file" in reason


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_key_file_that_others_may_use_stops_the_start(product, config, mode):
    copy = copy_of_keys(product, config.folder)
    copy.chmod(mode)
    reason = refused_start(product, config(KEYS_FILE=str(copy)))
    assert f"mode 0{mode:o}" in reason and "chmod 600" in reason and str(copy) in reason


def test_a_key_file_that_is_a_folder_or_a_pipe_stops_the_start(product, config):
    pipe = config.folder / "pipe"
    os.mkfifo(pipe, 0o600)
    with contextlib.suppress(PermissionError):
        os.chown(pipe, Path(product["KEYS_FILE"]).stat().st_uid, -1)
    for path in (config.folder, pipe):
        assert "not a regular file" in refused_start(product, config(KEYS_FILE=str(path)))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_another_user_stops_the_start(product, config):
    copy = copy_of_keys(product, config.folder)
    os.chown(copy, 65534, 65534)
    reason = refused_start(product, config(KEYS_FILE=str(copy)))
    assert str(copy) in reason


def test_two_keys_of_one_name_stop_the_start(product, config):
    copy = copy_of_keys(product, config.folder)
    keys = json.loads(copy.read_text())["keys"]
    copy.write_text(json.dumps({"keys": keys[:1] * 2}))
    assert "two keys" in refused_start(product, config(KEYS_FILE=str(copy)))


def key_of(text):
    return keys_with(k=base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode())


def refuses_known(product, config, text, known):
    copy = copy_of_keys(product, config.folder)
    copy.write_text(key_of(text))
    reason = refused_start(product, config(KEYS_FILE=str(copy), WEAK_SECRETS_FILE=str(known)))
    assert text not in reason
    return reason


def test_a_key_that_stands_in_a_list_of_known_secrets_stops_the_start(product, config):
    text = os.urandom(24).hex()
    known = config.folder / "known.list"
    known.write_text(f"one\n{text}\r\nanother\n")
    assert "known secrets" in refuses_known(product, config, text, known)
    # Without the list nothing is wrong with it.
    copy = copy_of_keys(product, config.folder)
    copy.write_text(key_of(text))
    assert product.latchkeyd("--config", str(config(KEYS_FILE=str(copy))), "--check-config").returncode == 0


def test_keys_from_the_published_list_of_known_secrets_stop_the_start(product, config, testdata):
    published = testdata("wallarm-jwt-secrets") / "jwt.secrets.list"
    known = config.folder / "published.list"
    known.write_bytes(published.read_bytes())
    long = [line for line in known.read_text(errors="replace").splitlines() if len(line) >= 32 and line.isascii()]
    assert len(long) > 100
    for text in long[::len(long) // 10]:
        refuses_known(product, config, text, known)


# The database

def conninfo(product, **changes):
    """The product's own conninfo as keywords, changed."""
    values = {"host": str(product.state / "run"), "dbname": "latchkey", "user": "latchkey_application"} | changes
    return " ".join(f"{name}='{value}'" for name, value in values.items())


def test_an_unreachable_database_stops_the_start(product, config):
    reason = refused_start(product, config(DATABASE_CONNINFO=conninfo(product, host="/nowhere")))
    assert reason.startswith("cannot reach the database")


def test_a_database_that_does_not_answer_stops_the_start(product, config):
    path = config.folder / ".s.PGSQL.5432"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        path.chmod(0o777)
        silent.listen()
        reason = refused_start(product, config(DATABASE_CONNINFO=conninfo(product, host=str(config.folder))))
    assert reason.startswith("cannot reach the database")


def test_a_role_that_is_not_allowed_stops_the_start(product, config):
    for changes in ({"user": "nobody_of_this_name"}, {"dbname": "no_such_database"}):
        refused_start(product, config(DATABASE_CONNINFO=conninfo(product, **changes)))


@pytest.fixture
def other_database(product):
    """Another database of the same cluster, made by the statements."""
    made = []

    def make(*statements):
        name = f"other_{os.urandom(4).hex()}"
        product.sql(f"CREATE DATABASE {name}")
        made.append(name)
        for statement in statements:
            product.sql(statement, database=name)
        return name

    yield make
    for name in made:
        product.sql(f"DROP DATABASE {name} WITH (FORCE)")


def schema(version, oldest):
    return (
        "CREATE SCHEMA latchkey_api",
        "CREATE FUNCTION latchkey_api.schema_version() RETURNS TABLE (version integer, oldest_supported integer)"
        f" LANGUAGE sql AS 'SELECT {version}, {oldest}'",
        "GRANT USAGE ON SCHEMA latchkey_api TO latchkey_application",
    )


def test_a_database_without_the_schema_stops_the_start(product, config, other_database):
    reason = refused_start(product, config(DATABASE_CONNINFO=conninfo(product, dbname=other_database())))
    assert "no Latchkey schema" in reason and "sqitch deploy" in reason


def test_an_older_schema_stops_the_start(product, config, other_database):
    reason = refused_start(product, config(DATABASE_CONNINFO=conninfo(product, dbname=other_database(*schema(0, 0)))))
    assert "schema version 0" in reason and "sqitch deploy" in reason


def test_a_newer_schema_that_no_longer_serves_this_release_stops_the_start(product, config, other_database):
    reason = refused_start(product, config(DATABASE_CONNINFO=conninfo(product, dbname=other_database(*schema(9, 9)))))
    assert "schema version 9" in reason and "newer release" in reason


def test_a_schema_that_may_not_be_used_stops_the_start(product, config, other_database):
    name = other_database(*schema(1, 1)[:2])
    reason = refused_start(product, config(DATABASE_CONNINFO=conninfo(product, dbname=name)))
    assert "latchkey_application" in reason


# The document store

def test_a_folder_of_documents_that_cannot_be_used_stops_the_start(product, config):
    file = config.folder / "file"
    file.touch()
    # Not even root writes there.
    for path in ("/nowhere/documents", str(file), "/proc"):
        assert path in refused_start(product, config(DOCUMENTS_FOLDER=path))


# Units

UNITS = sorted(path for kind in ("service", "socket", "timer")
               for path in (CHECKOUT / "deploy/systemd").glob(f"*.{kind}"))


def test_systemd_finds_no_mistake_in_the_units_and_calls_them_safe(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    for unit in UNITS:
        # Programs that are there: else it finds that they are not.
        text = re.sub(r"/usr/local/bin/latchkey[a-z-]*", "/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(text)
    paths = [str(tmp_path / unit.name) for unit in UNITS]
    found = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, timeout=60)
    assert not [line for line in found.stderr.splitlines() if "latchkey" in line], found.stderr
    for unit in UNITS:
        if unit.suffix == ".service":
            # The threshold is ten times the exposure: 1.2, since who sends webhooks has the network.
            found = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--threshold=12", str(tmp_path / unit.name)],
                capture_output=True, text=True, timeout=60)
            assert found.returncode == 0, found.stdout.splitlines()[-1]


def test_each_lane_has_its_socket_unit_and_its_upstream():
    server = (CHECKOUT / "deploy/nginx/api.example.com.conf").read_text()
    service = (CHECKOUT / "deploy/systemd/latchkeyd.service").read_text()
    for lane in LANES:
        unit = (CHECKOUT / f"deploy/systemd/latchkeyd-{lane}.socket").read_text()
        assert f"FileDescriptorName={lane}\n" in unit and f"/run/latchkey/{lane}.sock" in unit
        assert f"server unix:/run/latchkey/{lane}.sock " in server and f"latchkeyd-{lane}.socket" in service


# Sockets

def test_a_socket_in_use_stops_the_start_and_the_other_instance_serves_on(product, app, config):
    for name in (f"{lane.upper()}_SOCKET" for lane in LANES):
        reason = refused_start(product, config(**{name: product[name]}))
        assert product[name] in reason and "another process listens there" in reason
    assert product.token(app).status_code == 200


def test_a_path_that_is_no_socket_is_left_alone_and_stops_the_start(product, config):
    path = config.folder / "run/file"
    path.write_text("precious")
    assert "is not a socket" in refused_start(product, config(VERIFY_SOCKET=str(path)))
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_or_closed_stops_the_start(product, config):
    assert "No such file" in refused_start(product, config(VERIFY_SOCKET="/nowhere/verify.sock"))
    assert "1 to 107 bytes" in refused_start(product, config(VERIFY_SOCKET="/" + "x" * 120))


@pytest.mark.parametrize("name", [lane.upper() for lane in LANES])
def test_without_a_socket_to_listen_on_the_start_is_refused(product, config, name):
    assert f"LATCHKEY_{name}_SOCKET is not set" in refused_start(product, config(**{f"{name}_SOCKET": None}))


@pytest.mark.parametrize("first, second", itertools.combinations(LANES, 2))
def test_one_socket_for_two_lanes_is_refused(product, config, first, second):
    path = str(config.folder / "run/one.sock")
    [line] = mistakes(product, config(**{f"{lane.upper()}_SOCKET": path for lane in (first, second)}))
    assert "two sockets" in line


def test_descriptors_that_are_no_sockets_are_refused(product, config):
    # LISTEN_PID is that of the process itself: a shell knows it, and becomes latchkeyd.
    for fds, names, words in (("3", ":".join(LANES), "not a listening socket"), ("3", "verify", "LISTEN_FDNAMES")):
        command = product.as_account(
            "sh", "-c", 'LISTEN_PID=$$ exec "$0" --config "$1" 3</dev/null 4</dev/null 5</dev/null',
            str(product.state / "bin/latchkeyd"), str(config()))
        result = subprocess.run(
            command, env={"PATH": os.environ["PATH"], "LISTEN_FDS": fds, "LISTEN_FDNAMES": names},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        assert result.returncode == 1
        assert words in json.loads(result.stderr)["reason"]


def test_a_level_of_warning_logs_no_request(product, app, responders):
    responder = responders.start({"LATCHKEY_LOG_LEVEL": "warning"}, says_ready=False)
    eventually(lambda: product.token(app).status_code == 200, 10, "tokens are issued")
    assert product.verify("x").status_code == 401
    assert responder.stop() == 0
    assert responder.lines() == []
