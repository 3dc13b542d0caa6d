# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# PostgreSQL: a private cluster on a Unix socket in the state folder, and the migrations.

# Roles that log in, as the migrations make them, and the cluster's superuser.
readonly database_roles=(postgres latchkey_migrator latchkey_application latchkey_administrator latchkey_webhooks)

start_database() {
    step postgresql postgresql.log
    own_log postgresql.log
    if [[ -n $(pid_of postgresql) ]]; then
        step_done "runs already, pid $(pid_of postgresql)"
        return
    fi
    [[ -e postgres/data/PG_VERSION ]] || make_cluster
    configure_cluster
    started+=(postgresql)
    # After a crash the old server's last processes may still be leaving, and a new one refuses to start beside them.
    within 5 start_postgresql || step_failed 'it does not start'
    [[ -n $(sql "SELECT 1 FROM pg_database WHERE datname = 'latchkey'") ]] || sql 'CREATE DATABASE latchkey'
    step_done "runs, pid $(pid_of postgresql)"
}

start_postgresql() {
    as_account pg_ctl start --silent --wait --timeout=60 -D "$state/postgres" -l "$state/log/postgresql.log" \
        </dev/null >/dev/null 2>&1
}

# A folder that is renamed when it is whole: an interrupted initdb leaves nothing that looks like a cluster.
make_cluster() {
    rm -rf -- postgres/data.new
    install -d -m 0700 -o "$account" -- postgres/data.new
    step_command initdb.log 'no cluster was made' \
        as_account initdb --pgdata="$state/postgres/data.new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --data-checksums --auth=peer --no-instructions
    mv -- postgres/data.new postgres/data
}

# The configuration is beside the data, not in it, and is written anew at each start.
configure_cluster() {
    cat >postgres/postgresql.conf <<END
data_directory = '$state/postgres/data'
hba_file = '$state/postgres/pg_hba.conf'
ident_file = '$state/postgres/pg_ident.conf'

# No TCP: whoever connects is who the kernel says.
listen_addresses = ''
unix_socket_directories = '"$state/run"'
unix_socket_permissions = 0700
password_encryption = scram-sha-256

# Small; commits are on disk before they are answered, as in service.
max_connections = 50
shared_buffers = 32MB
dynamic_shared_memory_type = mmap
max_wal_size = 256MB
fsync = on
synchronous_commit = on

# No statement, parameter or row reaches the log: they hold hashes of secrets and ids of users.
log_statement = none
log_min_duration_statement = -1
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = UTC
timezone = UTC
cluster_name = 'latchkey-try'
END
    say 'local all all peer map=try' >postgres/pg_hba.conf
    # Not `trust`: the account, and root, who could become it anyway, may be each of these roles, and nobody else any.
    local role who
    for role in "${database_roles[@]}"; do
        for who in "$account" root; do
            say "try $who $role"
        done
    done | sort -u >postgres/pg_ident.conf
}

# sql STATEMENT [DATABASE]: as the superuser.
sql() {
    as_account psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        --host="$state/run" --username=postgres --dbname="${2:-postgres}" --command="$1" 2>>"$step_log"
}

migrate() {
    step migrations
    copy_for_account "$checkout/migrations" migrations
    # Without the user's own sqitch configuration, and without asking it who they are.
    as_account env SQITCH_USER_CONFIG="$state/no-sqitch.conf" SQITCH_SYSTEM_CONFIG="$state/no-sqitch.conf" \
        SQITCH_FULLNAME='deploy/try' SQITCH_EMAIL='try@localhost' PGHOST="$state/run" \
        sqitch deploy --chdir "$state/migrations" --target 'db:pg://postgres@/latchkey' >>"$step_log" 2>&1
    if grep 'Nothing to deploy' -- "$step_log" >/dev/null; then
        step_done 'none is new'
    else
        step_done deployed
    fi
}

# The database as libpq's URI, for a role. The folder of the socket may hold spaces.
database_uri() {
    printf 'postgresql://%s@/latchkey?host=%s' "$1" "$(uri_encoded "$state/run")"
}

uri_encoded() {
    local LC_ALL=C
    local text=$1 character i
    for (( i = 0; i < ${#text}; i++ )); do
        character=${text:i:1}
        case $character in
            [A-Za-z0-9/._~-]) printf '%s' "$character" ;;
            *) printf '%%%02X' "$(( $(printf '%d' "'$character") & 255 ))" ;;
        esac
    done
}
