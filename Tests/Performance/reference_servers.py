"""The references: nginx alone, the C responder and PHP-FPM, behind the product's own nginx."""

import json
import os
import signal
import subprocess
from pathlib import Path

import tokens
import usage
from failure import Failure
from subjects import CONNECTIONS

SOURCES = Path(__file__).resolve().parent / "references"


class References:
    def __init__(self, product, logs):
        self.product = product
        self.logs = logs
        self.nginx_port, self.c_port, self.php_port = range(product.port + 4, product.port + 7)
        self.processes = []

    def start(self):
        self.folder = self.product.folder_for_account("references")
        token, user = self.product.token()
        status, self.answer = self.product.verify(token)
        if status != 200:
            raise Failure(f"the product does not verify its own token: {status} {self.answer}")
        self.c_pid = self._start_c()
        self.php_pid = self._start_php()
        self._add_to_nginx()
        self._check()

    def close(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def body(self):
        return json.dumps(self.answer, separators=(",", ":"))

    def _run(self, name, *command):
        """Starts a server as the account, away from this terminal's Ctrl-C: it is stopped in order."""
        with open(self.logs / f"{name}.log", "wb") as log:
            process = subprocess.Popen(
                self.product.as_account(*map(str, command)), env={"PATH": os.environ["PATH"]}, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process.pid

    def _wait_for_socket(self, path, name):
        usage.wait_for(path.exists, 10, f"{name} listens; its log: {self.logs / name}.log")

    def _start_c(self):
        program = self.folder / "responder"
        subprocess.run(
            ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", program,
             SOURCES / "responder.c", "-lfcgi"], check=True)
        program.chmod(0o755)
        path = self.folder / "c.sock"
        pid = self._run("c", program, path, os.cpu_count(), self.body)
        self._wait_for_socket(path, "c")
        return pid

    def _start_php(self):
        programs = sorted(Path("/usr/sbin").glob("php-fpm[0-9]*"))
        if not programs:
            raise Failure("there is no php-fpm in /usr/sbin")
        self.php_program = programs[-1]
        for folder in ("php", "php/api"):
            (self.folder / folder).mkdir()
        for source in ("common.php", "api/verify-token.php", "api/token.php"):
            self._write(f"php/{source}", (SOURCES / "php" / source).read_text())
        config = self._write("config.php", self._php_config(), 0o600)
        settings = self._write("php-fpm.conf", filled(
            SOURCES / "php-fpm.conf.in", RUN=self.folder, LOG=self.folder / "php-fpm.log", CONFIG=config,
            # A child for each connection that may be in use or kept, and some to spare: one that found none would wait
            # for ever. For tokens, as many connections to PostgreSQL as the product has.
            VERIFY_CHILDREN=2 * CONNECTIONS + 8, TOKEN_CHILDREN=self.product.database_workers))
        ini = self._write("php.ini", (SOURCES / "php.ini").read_text())
        pid = self._run("php", self.php_program, "--nodaemonize", "--fpm-config", settings, "-c", ini)
        for name in ("php-verify", "php-token"):
            self._wait_for_socket(self.folder / f"{name}.sock", "php")
        return pid

    def _php_config(self):
        """What PHP must know, as PHP text: opcache then holds it, and no file is read for a request."""
        keys = tokens.read_keys(Path(self.product["KEYS_FILE"]))
        hash_keys = tokens.read_keys(Path(self.product["SECRET_HASH_KEYS_FILE"]))
        return (
            "<?php\nreturn [\n"
            f"    'current_key' => {quoted(keys[0][0])},\n"
            f"    'keys' => [{', '.join(f'{quoted(kid)} => {quoted(key)}' for kid, key in keys)}],\n"
            f"    'secret_hash_keys' => [{', '.join(quoted(key) for _, key in hash_keys)}],\n"
            f"    'apps' => [{quoted(self.product.client_app)} => true],\n"
            f"    'database' => {quoted(f'pgsql:host={self.product.state}/run;dbname=latchkey')},\n"
            "    'database_user' => 'latchkey_application',\n"
            "];\n")

    def _write(self, name, text, mode=0o644):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        if os.geteuid() == 0:
            os.chown(path, self.folder.stat().st_uid, self.folder.stat().st_gid)
        return path

    def _add_to_nginx(self):
        """Server blocks before the last brace of deploy/try's own file, and a reload."""
        path = Path(self.product["NGINX_CONFIG"])
        text = path.read_text().rstrip()
        blocks = filled(
            SOURCES / "nginx.conf.in", STATE=self.product.state, RUN=self.folder, PHP=self.folder / "php",
            BODY=self.body, PHP_KEPT=max(1, CONNECTIONS // os.cpu_count()),
            NGINX_PORT=self.nginx_port, C_PORT=self.c_port, PHP_PORT=self.php_port)
        path.write_text(text.removesuffix("}") + blocks + "}\n")
        nginx = ["nginx", "-e", self.product.state / "log/nginx.error.log", "-c", path]
        check = subprocess.run(self.product.as_account(*map(str, nginx), "-t", "-q"), capture_output=True, text=True)
        if check.returncode != 0:
            raise Failure(f"nginx refuses the references: {check.stderr}")
        old = set(usage.family(self.product.nginx)) - {self.product.nginx}
        os.kill(self.product.nginx, signal.SIGHUP)
        usage.wait_for(
            lambda: not old & set(usage.family(self.product.nginx)), 20, "nginx's former workers have ended")

    def _check(self):
        """Each reference answers, and tokens of PHP and of the product open each other's doors."""
        product = self.product
        ours, user = product.token()
        for name, port in ("nginx", self.nginx_port), ("C", self.c_port):
            if product.verify(ours, port) != (200, self.answer):
                raise Failure(f"{name} does not answer the fixed body")
        theirs, same = product.token(self.php_port, taiki_user_id=user)
        fresh, other = product.token(self.php_port)
        if same != user or other == user:
            raise Failure("PHP's token endpoint mixes users up")
        for token, whose in (ours, user), (theirs, user), (fresh, other):
            wanted = (200, {"valid": True, "taiki_user": whose, "client": product.client_app})
            for port in (product.port, self.php_port):
                if (answer := product.verify(token, port)) != wanted:
                    raise Failure(f"port {port} answers a good token by {answer}")
        forged = ours[:-3] + ("AAA" if ours[-3:] != "AAA" else "BBB")
        for port in (product.port, self.php_port):
            if product.verify(forged, port)[0] != 401:
                raise Failure(f"port {port} takes a forged token")
        wrong = {"api_key": product["API_KEY"], "api_secret": "lk_live_wrong"}
        for port in (product.port, self.php_port):
            if product.post(product.url(port, "/api/token"), wrong)[0] != 401:
                raise Failure(f"port {port} takes a wrong secret")


def filled(template, **values):
    text = template.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def quoted(value):
    """A PHP string literal of any bytes."""
    data = value.encode() if isinstance(value, str) else value
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'
