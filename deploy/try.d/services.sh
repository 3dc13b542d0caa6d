# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# The ports, latchkeyd and nginx.

# Those of the last start, unless others were asked for.
choose_ports() {
    local last=
    [[ ! -s $state/port ]] || last=$(<"$state/port")
    if [[ -n $port && -n $last && $port != "$last" && -n $(pid_of nginx) ]]; then
        fail "Latchkey in $state_link runs, on port $last. To stop it first: $(command_line stop)"
    fi
    port=${port:-${last:-8443}}
    sandbox_port=$(( port + 1 ))
}

check_ports() {
    local number
    [[ -z $(pid_of nginx) ]] || return 0
    for number in "$port" "$sandbox_port"; do
        ! is_listened_on "$number" ||
            fail "port $number is in use by another program. To choose two others: deploy/try --port N" \
                '(production; the sandbox is on N + 1).'
    done
    say "$port" >"$state/port"
}

# By the kernel's own table: state 0A is LISTEN, and an address ends in the port as four hexadecimal digits.
is_listened_on() {
    local digits
    printf -v digits '%04X' "$1"
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk -v port=":$digits" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

start_latchkeyd() {
    local log=$state/log/latchkeyd.log begin
    step latchkeyd latchkeyd.log
    if [[ -n $(pid_of latchkeyd) ]]; then
        step_done "runs already, pid $(pid_of latchkeyd)"
        return
    fi
    own_log latchkeyd.log
    cat >latchkeyd.conf <<END
# Made by deploy/try at each start.
LATCHKEY_VERIFY_SOCKET=$state/run/verify.sock
LATCHKEY_DATABASE_SOCKET=$state/run/database.sock
LATCHKEY_PEER_USERS=$account
LATCHKEY_DATABASE_CONNINFO=$(database_uri latchkey_application)
LATCHKEY_KEYS_FILE=$state/keys/token.jwks
LATCHKEY_SECRET_HASH_KEYS_FILE=$state/keys/secret-hash.jwks
END
    begin=$(stat -c %s -- "$log")
    remove_remains latchkeyd
    started+=(latchkeyd)
    # A session of its own: Ctrl-C in this terminal is for this program, which stops things in order. The shell's pid
    # becomes latchkeyd's, for each program here is replaced by the next.
    # shellcheck disable=SC2016  # the account's shell expands this
    "${become[@]}" sh -c 'echo $$ >run/latchkeyd.pid && exec setsid -- "$0" --config "$1"' \
        "$state/bin/latchkeyd" "$state/latchkeyd.conf" </dev/null >>"$log" 2>&1 9<&- &
    # Bash need not tell how it ends: `watch` does.
    disown $!
    within 30 is_ready_or_gone $! "$log" "$begin" || step_failed 'it was not ready within 30 s'
    is_ready "$log" "$begin" || step_failed 'it ended'
    step_done "runs, pid $(pid_of latchkeyd)"
}

# is_ready LOG BEGIN: whether latchkeyd says so in its log, from byte BEGIN on.
is_ready() {
    [[ -S run/verify.sock && -S run/database.sock ]] &&
        tail -c "+$(( $2 + 1 ))" -- "$1" | grep '"message":"ready"' >/dev/null
}

is_ready_or_gone() {
    is_gone "$1" || is_ready "$2" "$3"
}

start_nginx() {
    step nginx nginx.error.log
    if [[ -n $(pid_of nginx) ]]; then
        step_done "runs already, pid $(pid_of nginx)"
        return
    fi
    own_log nginx.error.log
    own_log nginx.access.log
    copy_for_account "$checkout/deploy/nginx/latchkey" nginx/latchkey
    nginx_configuration >nginx/nginx.conf
    local nginx=(as_account "$nginx_program" -e "$step_log" -c "$state/nginx/nginx.conf")
    step_command nginx-check.log 'its configuration is wrong' "${nginx[@]}" -t -q
    started+=(nginx)
    "${nginx[@]}" >>"$step_log" 2>&1
    within 10 https_answers "$port" || step_failed "https://localhost:$port does not answer"
    within 10 https_answers "$sandbox_port" || step_failed "https://localhost:$sandbox_port does not answer"
    step_done "runs, pid $(pid_of nginx)"
}

nginx_configuration() {
    local text
    text=$(<"$checkout/deploy/nginx/try.conf.in")
    text=${text//@STATE@/"$state"}
    text=${text//@PORT@/"$port"}
    text=${text//@SANDBOX_PORT@/"$sandbox_port"}
    say "$text"
}

# Any answer will do: it came through TLS and the right certificate.
https_answers() {
    curl --disable --silent --output /dev/null --max-time 5 --noproxy '*' --cacert tls/ca.crt "https://localhost:$1/"
}
