# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# The migrations: migrations/check on an empty database of a private cluster. PostgreSQL never runs as root: then the
# cluster belongs to the account `postgres`.

run_sql() {
    local folder result=0 tests bad
    folder=$(mktemp -d /tmp/latchkey-sql.XXXXXXXX)
    clusters+=("$folder")
    start_cluster "$folder" >>"$part_log" 2>&1 || {
        count_failure 'sql: PostgreSQL does not start; the end of its log:'
        show_log
        return 0
    }
    PGHOST=$folder PGUSER=postgres PGDATABASE=latchkey_check PATH=$work/python/bin:$PATH \
        run_long "$checkout/migrations/check" >>"$part_log" 2>&1 || result=$?
    stop_cluster "$folder"

    # pg_prove says how many tests it ran in all, and for each file how many of them failed.
    tests=$(sed -nE 's/^Files=[0-9]+, Tests=([0-9]+),.*/\1/p' "$part_log")
    bad=$(sed -nE 's/.*Failed ([0-9]+)\/[0-9]+ subtests.*/\1/p' "$part_log" | awk '{ sum += $1 } END { print sum + 0 }')
    if [[ -n $tests ]] && (( tests > 50 )); then
        count_tests pgTAP "$(( tests - bad ))" "$bad" 0
    else
        count_failure 'sql: pgTAP has counted no tests'
    fi
    count_tests migrations "$(grep -c '^ok - ' "$part_log" || true)" 0 0
    if grep -q 'squawk is not installed' "$part_log"; then
        count_failure 'sql: squawk did not run'
    fi
    if (( result != 0 )); then
        # pgTAP's failures are counted already.
        (( bad > 0 )) || count_failure "sql: migrations/check ended with status $result"
        show_log
    fi
}

start_cluster() {
    local folder=$1
    (( EUID != 0 )) || chown postgres: "$folder"
    as_database_account initdb --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 \
        --locale=C.UTF-8 --no-sync || return 1
    as_database_account pg_ctl start --silent --wait -D "$folder/data" -l "$folder/log" \
        -o "-c listen_addresses='' -c unix_socket_directories='$folder' -c fsync=off" || return 1
    psql -X -q -h "$folder" -U postgres -d postgres -c 'CREATE DATABASE latchkey_check'
}

stop_cluster() {
    if [[ -e $1/data/postmaster.pid ]]; then
        as_database_account pg_ctl stop --silent --mode=immediate -D "$1/data" >/dev/null 2>&1 || true
    fi
    rm -rf -- "$1"
}

# as_database_account PROGRAM...: one of PostgreSQL's server programs, never as root.
as_database_account() {
    local program
    program=/usr/lib/postgresql/$(newest_postgresql)/bin/$1
    shift
    if (( EUID == 0 )); then
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- "$program" "$@")
    else
        "$program" "$@"
    fi
}
