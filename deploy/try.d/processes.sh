# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# Processes: how one knows that PostgreSQL, latchkeyd and the others run, how they stop, and how they are watched.

# In the order in which they start.
readonly services=(postgresql latchkeyd nginx webhook-receiver latchkey-webhooks sandbox-bank demo-company)

started=()    # those that this program started
recorded=     # of a service: the pid in its pid file, which may be long gone
mark=         # of a service: words of its command line that no other process's has
signals=      # of a service: what ends it, each with the seconds that it gets

about() {
    local file
    case $1 in
        # INT is its fast way: sessions end, then a checkpoint. KILL would leave its other processes at their work.
        postgresql) file=postgres/data/postmaster.pid mark="-D $state/postgres" signals='INT:60 QUIT:10' ;;
        # TERM drains.
        latchkeyd) file=run/latchkeyd.pid mark=$state/bin/latchkeyd signals='TERM:20 KILL:5' ;;
        # QUIT lets requests under way end.
        nginx) file=run/nginx.pid mark=$state/nginx/nginx.conf signals='QUIT:10 TERM:5 KILL:5' ;;
        webhook-receiver | demo-company) file=run/$1.pid mark=$state/libexec/$1 signals='TERM:5 KILL:5' ;;
        # TERM lets deliveries under way end.
        latchkey-webhooks) file=run/$1.pid mark=$state/bin/latchkey-webhooks signals='TERM:20 KILL:5' ;;
        # TERM lets what was signed in for be retrieved.
        sandbox-bank) file=run/$1.pid mark=$state/libexec/latchkey-sandbox-bank signals='TERM:20 KILL:5' ;;
    esac
    recorded=
    if [[ -r $state/$file ]]; then
        read -r recorded <"$state/$file" || true
        [[ $recorded =~ ^[1-9][0-9]*$ ]] || recorded=
    fi
}

# Prints the pid of a service of this state folder, if it runs. A pid file alone proves nothing: by now the number may
# be another process's.
pid_of() {
    about "$1"
    if [[ -n $recorded ]] && is_marked "$recorded" "$mark"; then
        say "$recorded"
    fi
}

# is_marked PID WORDS: whether there is such a process and its command line has the words.
is_marked() {
    local words
    words=$({ tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null) || return 1
    [[ " $words " == *" $2 "* ]]
}

is_not_marked() {
    ! is_marked "$@"
}

is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

everything_runs() {
    local service
    for service in "${services[@]}"; do
        [[ -n $(pid_of "$service") ]] || return 1
    done
}

# within SECONDS COMMAND...: waits until the command succeeds, and fails if it does not in time.
within() {
    local end=$(( SECONDS + $1 ))
    shift
    until "$@"; do
        (( SECONDS < end )) || return 1
        sleep 0.1
    done
}

stop_service() {
    local pid attempt
    pid=$(pid_of "$1")
    [[ -n $pid ]] || return 0
    about "$1"
    for attempt in $signals; do
        kill -s "${attempt%:*}" -- "$pid" 2>/dev/null || true
        ! within "${attempt#*:}" is_not_marked "$pid" "$mark" || return 0
    done
    printf 'deploy/try: %s, pid %s, does not stop.\n' "$1" "$pid" >&2
    return 1
}

# nginx's workers outlive a master that was killed, and keep the ports. They are in the session that it had made.
stop_nginx_workers() {
    local file line fields pid
    about nginx
    [[ -n $recorded && -z $(pid_of nginx) ]] || return 0
    for file in /proc/[0-9]*/stat; do
        # PID (NAME) STATE PARENT GROUP SESSION ...; the process may be gone by now.
        { read -r line <"$file"; } 2>/dev/null || continue
        read -ra fields <<<"${line##*) }"
        [[ $line == *' (nginx) '* && ${fields[3]} == "$recorded" ]] || continue
        pid=${line%% *}
        kill -s TERM -- "$pid" 2>/dev/null || true
        within 5 is_not_marked "$pid" 'nginx: worker process'
    done
}

# In the order in which none misses another.
stop_all() {
    local result=0 service
    # What the bank has accepted goes to Latchkey by nginx, and the company's page waits there for news.
    for service in sandbox-bank demo-company nginx; do
        stop_service "$service" || result=1
    done
    stop_nginx_workers || result=1
    for service in latchkey-webhooks webhook-receiver latchkeyd postgresql; do
        stop_service "$service" || result=1
    done
    if (( result == 0 )); then
        for service in "${services[@]}"; do
            remove_remains "$service"
        done
        rm -f -- "$state/running"
    fi
    return "$result"
}

stop_started() {
    local index
    for (( index = ${#started[@]} - 1; index >= 0; index-- )); do
        stop_service "${started[index]}" && remove_remains "${started[index]}"
    done
}

# What a service that was killed leaves in run/.
remove_remains() {
    case $1 in
        postgresql) rm -f -- "$state"/run/.s.PGSQL.5432{,.lock} ;;
        latchkeyd) rm -f -- "$state"/run/{latchkeyd.pid,verify.sock,database.sock,upload.sock} ;;
        sandbox-bank) rm -f -- "$state"/run/sandbox-bank.{pid,sock} ;;
        *) rm -f -- "$state/run/$1.pid" ;;
    esac
}

# Until a signal comes, a service dies, or another deploy/try stops everything.
watch() {
    local service log
    flock -u 9
    while everything_runs; do
        sleep 1
    done
    # Whoever stops everything in order holds the lock meanwhile, and has removed this file at the end.
    flock 9
    if [[ ! -e $state/running ]]; then
        say 'Stopped by another deploy/try.'
        phase=idle
        return
    fi
    for service in "${services[@]}"; do
        if [[ -z $(pid_of "$service") ]]; then
            log=$state/log/$service.log
            [[ $service != nginx ]] || log=$state/log/nginx.error.log
            printf 'deploy/try: %s died. The last lines of its log, %s:\n' "$service" "$log" >&2
            show_log "$log"
        fi
    done
    exit 1
}
