"""Tokens for existing users beside PHP-FPM, for new users beside pgbench on the same function."""

from figures import Part, at_least, at_most
from subjects import HERE

USERS = 1000


def run(bench):
    bench.product.seed(USERS)
    users = bench.users_file(USERS)
    user = users.read_text().split()[0]
    existing = bench.interleaved(
        bench.token("latchkeyd, existing user", users), bench.php_token("PHP-FPM, existing user", users),
        bench.pgbench("pgbench extended, existing user", HERE / "load/existing_user.sql", "extended", user),
        bench.pgbench("pgbench prepared, existing user", HERE / "load/existing_user.sql", "prepared", user))
    new = bench.interleaved(
        bench.token("latchkeyd, new user"),
        bench.pgbench("pgbench extended, new user", HERE / "load/new_user.sql", "extended"),
        bench.pgbench("pgbench prepared, new user", HERE / "load/new_user.sql", "prepared"),
        bench.php_token("PHP-FPM, new user"))
    ours, php = existing[:2]
    return Part("token", [
        at_least("token, existing user: requests/s against PHP-FPM", ours.rate / php.rate, 2.5),
        at_most("token, existing user: responder CPU per request against PHP-FPM", ours.cpu_us() / php.cpu_us(), 1 / 5,
                "1/5"),
        at_least("token, new user, committed: requests/s against pgbench", new[0].rate / new[1].rate, 0.6),
    ], existing + new, [f"pgbench and PHP-FPM have {bench.product.database_workers} connections to PostgreSQL, as the"
                        " product has in all"])
