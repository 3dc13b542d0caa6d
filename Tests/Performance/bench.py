"""What all parts work with: the product, the references, the options, and subjects by name."""

import os
from dataclasses import dataclass

import rounds
from latchkey import Latchkey
from reference_servers import References
from subjects import HTTP, Pgbench


@dataclass
class Bench:
    product: Latchkey
    references: References
    rounds: int
    seconds: int
    sizes: list
    say: object

    def interleaved(self, *subjects, rounds_=None, seconds=None):
        return rounds.interleaved(
            list(subjects), rounds_ or self.rounds, seconds or self.seconds, after=self.product.check_logs)

    @property
    def authorization(self):
        """With a token that the product has just issued: it is good for an hour."""
        return f"Bearer {self.product.token()[0]}"

    @property
    def verify_environment(self):
        return {"LOAD_HEADER": f"Authorization: {self.authorization}"}

    # Subjects

    def verify(self, name="latchkeyd"):
        return HTTP(name, self.product.roots, self.product.url(), "verify.lua", self.verify_environment)

    def constant(self):
        return HTTP("nginx return 200", {"nginx": [self.product.nginx]},
                    self.product.url(self.references.nginx_port), "verify.lua", self.verify_environment)

    def c(self):
        return HTTP("C responder", {"nginx": [self.product.nginx], "responder": [self.references.c_pid]},
                    self.product.url(self.references.c_port), "verify.lua", self.verify_environment)

    def php_verify(self):
        return HTTP("PHP-FPM", self.php_roots, self.product.url(self.references.php_port), "verify.lua",
                    self.verify_environment)

    def token(self, name="latchkeyd", users=None):
        """Tokens for new users, or for those whose ids are in the file `users`."""
        return HTTP(name, self.product.roots, self.product.url(path="/api/token"), "token.lua",
                    self.token_environment(users))

    def php_token(self, name="PHP-FPM", users=None):
        return HTTP(name, self.php_roots, self.product.url(self.references.php_port, "/api/token"), "token.lua",
                    self.token_environment(users))

    @property
    def php_roots(self):
        return self.product.roots | {"responder": [self.references.php_pid]}

    def token_environment(self, users=None):
        environment = {"LOAD_API_KEY": self.product["API_KEY"], "LOAD_API_SECRET": self.product["API_SECRET"]}
        return environment | ({"LOAD_USERS": str(users)} if users else {})

    def pgbench(self, name, script, mode, user=None):
        """The function alone, over the product's socket and as its role, on as many connections as it has."""
        product = self.product
        [stored] = product.sql(
            f"SELECT encode(secret_hash, 'hex') FROM latchkey.secrets WHERE api_key = '{product['API_KEY']}'")[0]
        values = {"api_key": product["API_KEY"], "hashes": f'{{"\\\\x{stored}"}}'} | ({"user": user} if user else {})
        return Pgbench(name, {"postgresql": [product.postgresql]}, command=[
            str(product.pg_bin / "pgbench"), "--no-vacuum", f"--protocol={mode}",
            f"--client={product.database_workers}", f"--jobs={min(os.cpu_count(), product.database_workers)}",
            f"--host={product.state / 'run'}", "--username=latchkey_application",
            f"--file={script}", *(f"--define={name}={value}" for name, value in values.items()), "latchkey"])

    def users_file(self, limit):
        """A file of ids of the demo app's users, taken at random among all of them."""
        path = self.product.parent / "users"
        product = self.product
        rows = product.sql(
            f"SELECT id FROM latchkey.users WHERE client_app_id = '{product.client_app}' AND mode = 'production'"
            f" AND random() < {1.2 * limit} / (SELECT count(*) FROM latchkey.users)"
            f" ORDER BY random() LIMIT {limit}")
        path.write_text("".join(f"{row[0]}\n" for row in rows))
        return path
