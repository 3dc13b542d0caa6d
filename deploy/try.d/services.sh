# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# The ports, latchkeyd, nginx, the sender of webhooks and a receiver for them, First Sandbox Bank, the demo's company.

service_pid=    # of what was started last

# Those of the last start, unless others were asked for.
choose_ports() {
    local last=
    [[ ! -s $state/port ]] || last=$(<"$state/port")
    if [[ -n $port && -n $last && $port != "$last" && -n $(pid_of nginx) ]]; then
        fail "Latchkey in $state_link runs, on port $last. To stop it first: $(command_line stop)"
    fi
    port=${port:-${last:-8443}}
    sandbox_port=$(( port + 1 ))
    receiver_port=$(( port + 2 ))
    company_port=$(( port + 3 ))
}

check_ports() {
    local number
    [[ -z $(pid_of nginx) ]] || return 0
    stop_service webhook-receiver
    stop_service demo-company
    for number in "$port" "$sandbox_port" "$receiver_port" "$company_port"; do
        ! is_listened_on "$number" ||
            fail "port $number is in use by another program. To choose four others: deploy/try --port N" \
                '(production; the sandbox is on N + 1, the receiver of webhooks on N + 2, the company on N + 3).'
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
LATCHKEY_UPLOAD_SOCKET=$state/run/upload.sock
LATCHKEY_PEER_USERS=$account
LATCHKEY_DATABASE_CONNINFO=$(database_uri latchkey_application)
LATCHKEY_KEYS_FILE=$state/keys/token.jwks
LATCHKEY_SECRET_HASH_KEYS_FILE=$state/keys/secret-hash.jwks
LATCHKEY_DOWNLOAD_KEYS_FILE=$state/keys/download.jwks
LATCHKEY_DOCUMENTS_FOLDER=$state/documents
LATCHKEY_PRODUCTION_URL=https://localhost:$port
LATCHKEY_SANDBOX_URL=https://localhost:$sandbox_port
LATCHKEY_WEBHOOK_DATABASE_CONNINFO=$(database_uri latchkey_webhooks)
LATCHKEY_WEBHOOK_KEYS_FILE=$state/keys/webhook.jwks
# The receiver is on this machine.
LATCHKEY_WEBHOOK_ALLOWED_NETWORKS=127.0.0.0/8
END
    begin=$(stat -c %s -- "$log")
    run_service latchkeyd "$state/bin/latchkeyd" --config "$state/latchkeyd.conf" </dev/null
    until_ready "$log" "$begin"
    step_done "runs, pid $(pid_of latchkeyd)"
}

# run_service NAME COMMAND...: as the account, with its own log; what it reads is this call's input.
run_service() {
    local name=$1
    shift
    remove_remains "$name"
    started+=("$name")
    # A session of its own: Ctrl-C in this terminal is for this program, which stops things in order. The shell's pid
    # becomes the service's, for each program here is replaced by the next.
    # shellcheck disable=SC2016  # the account's shell expands this
    "${become[@]}" sh -c 'echo $$ >"run/$0.pid" && exec setsid -- "$@"' "$name" "$@" \
        <&0 >>"$state/log/$name.log" 2>&1 9<&- &
    service_pid=$!
    # Bash need not tell how it ends: `watch` does.
    disown "$service_pid"
}

# until_ready LOG BEGIN: waits until what was started last says so in its log, from byte BEGIN on.
until_ready() {
    within 30 is_ready_or_gone "$@" || step_failed 'it was not ready within 30 s'
    is_ready "$@" || step_failed 'it ended'
}

is_ready() {
    tail -c "+$(( $2 + 1 ))" -- "$1" | grep '"message":"ready"' >/dev/null
}

is_ready_or_gone() {
    is_gone "$service_pid" || is_ready "$@"
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
    copy_for_account "$checkout/deploy/www" www
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
    text=${text//@COMPANY_PORT@/"$company_port"}
    say "$text"
}

# Any answer will do: it came through TLS and the right certificate.
https_answers() {
    curl --disable --silent --output /dev/null --max-time 5 --noproxy '*' --cacert tls/ca.crt "https://localhost:$1/"
}

# The client's side: plain HTTP on 127.0.0.1, for there is nothing to protect.
start_receiver() {
    step receiver webhook-receiver.log
    if [[ -n $(pid_of webhook-receiver) ]]; then
        step_done "runs already, pid $(pid_of webhook-receiver)"
        return
    fi
    own_log webhook-receiver.log
    # The secret is not an argument, which other users of the machine could read.
    # shellcheck disable=SC2016  # the account's shell expands this
    run_service webhook-receiver \
        sh -c 'read -r LATCHKEY_WEBHOOK_SECRET && export LATCHKEY_WEBHOOK_SECRET && exec "$0" "$1" </dev/null' \
        "$state/libexec/webhook-receiver" "$receiver_port" <<<"$webhook_secret"
    within 10 is_listened_on "$receiver_port" || step_failed "it does not listen on port $receiver_port"
    step_done "runs, pid $(pid_of webhook-receiver)"
}

start_webhooks() {
    local log=$state/log/latchkey-webhooks.log begin
    step webhooks latchkey-webhooks.log
    if [[ -n $(pid_of latchkey-webhooks) ]]; then
        step_done "runs already, pid $(pid_of latchkey-webhooks)"
        return
    fi
    own_log latchkey-webhooks.log
    begin=$(stat -c %s -- "$log")
    run_service latchkey-webhooks "$state/bin/latchkey-webhooks" --config "$state/latchkeyd.conf" </dev/null
    until_ready "$log" "$begin"
    step_done "runs, pid $(pid_of latchkey-webhooks)"
}

start_bank() {
    local log=$state/log/sandbox-bank.log begin
    step 'sandbox bank' sandbox-bank.log
    if [[ -n $(pid_of sandbox-bank) ]]; then
        step_done "runs already, pid $(pid_of sandbox-bank)"
        return
    fi
    own_log sandbox-bank.log
    copy_for_account "$checkout/deploy/samples" samples
    begin=$(stat -c %s -- "$log")
    run_service sandbox-bank env LATCHKEY_SANDBOX_URL="https://localhost:$sandbox_port" \
        LATCHKEY_CA_FILE="$state/tls/ca.crt" LATCHKEY_COLLECTOR_KEY_FILE="$state/keys/sandbox-bank.key" \
        LATCHKEY_SAMPLES_FOLDER="$state/samples" LATCHKEY_SANDBOX_BANK_SOCKET="$state/run/sandbox-bank.sock" \
        "$state/libexec/latchkey-sandbox-bank" </dev/null
    until_ready "$log" "$begin"
    step_done "runs, pid $(pid_of sandbox-bank)"
}

# What the demo page's company would have in its own data centre; nginx passes on what the page asks of it.
start_company() {
    step 'demo company' demo-company.log
    if [[ -n $(pid_of demo-company) ]]; then
        step_done "runs already, pid $(pid_of demo-company)"
        return
    fi
    own_log demo-company.log
    # shellcheck disable=SC2016  # the account's shell expands this
    run_service demo-company \
        env LATCHKEY_SANDBOX_URL="https://localhost:$sandbox_port" LATCHKEY_CA_FILE="$state/tls/ca.crt" \
        sh -c 'read -r LATCHKEY_WEBHOOK_SECRET && read -r LATCHKEY_API_SECRET &&
            export LATCHKEY_WEBHOOK_SECRET LATCHKEY_API_SECRET && exec "$0" "$1" </dev/null' \
        "$state/libexec/demo-company" "$company_port" <<<"$webhook_secret"$'\n'"$api_secret"
    within 10 is_listened_on "$company_port" || step_failed "it does not listen on port $company_port"
    step_done "runs, pid $(pid_of demo-company)"
}
