# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# The demo client app with its webhook and the origins of its pages, two collectors, and the file `env`.

# What `env` holds of an earlier start.
read_demo() {
    [[ -r env ]] || return 0
    # shellcheck disable=SC2016  # sh expands this
    {
        read -r api_key && read -r api_secret && read -r client_app && read -r webhook_secret &&
            read -r collector_key && read -r demo_user
    } < <(
        env -i sh -c '. ./env; printf "%s\n" "$LATCHKEY_API_KEY" "$LATCHKEY_API_SECRET" "$LATCHKEY_CLIENT_APP" \
            "$LATCHKEY_WEBHOOK_SECRET" "$LATCHKEY_COLLECTOR_KEY" "$LATCHKEY_SANDBOX_USER_ID"'
    ) || true
}

make_demo_app() {
    local answer origin result=kept
    step 'demo app'
    read_demo
    if [[ -z $api_key || -z $api_secret ]]; then
        answer=$(latchkey app create --name Demo --json 2>>"$step_log")
        api_key=$(json_member api_key <<<"$answer")
        api_secret=$(json_member api_secret <<<"$answer")
        client_app=$(json_member client_app_id <<<"$answer")
        [[ -n $api_key && -n $api_secret && -n $client_app ]]
        # At once: the secret is shown only now.
        write_env
        result=registered
    fi
    # An `env` of the time before there were webhooks does not name it.
    [[ -n $client_app ]] ||
        client_app=$(sql "SELECT client_app_id FROM latchkey.credentials WHERE api_key = '$api_key'" latchkey)
    answer=$(latchkey webhook configure "$client_app" --url "http://127.0.0.1:$receiver_port/" --json 2>>"$step_log")
    if [[ -z $webhook_secret ]]; then
        webhook_secret=$(json_member webhook_secret <<<"$answer")
        [[ -n $webhook_secret ]]
        write_env
    fi
    # Where pages may show the link modal: the demo page, and what somebody may try out beside it.
    for origin in "https://localhost:$sandbox_port" "https://localhost:$port"; do
        latchkey app origin add "$client_app" "$origin" >>"$step_log" 2>&1
    done
    step_done "$result"
}

# One is the caller's to play; the other one is First Sandbox Bank's, which reads its key from a file.
make_collectors() {
    local result=kept key
    step collectors
    if [[ -z $collector_key ]]; then
        collector_key=$(new_collector 'Demo collector')
        [[ -n $collector_key ]]
        write_env
        result=registered
    fi
    if [[ ! -e keys/sandbox-bank.key ]]; then
        key=$(new_collector 'First Sandbox Bank')
        [[ -n $key ]]
        # shellcheck disable=SC2016  # the account's shell expands this
        as_account sh -euc 'umask 077; cat >"$1.new"; mv -- "$1.new" "$1"' sh "$state/keys/sandbox-bank.key" <<<"$key"
        result=registered
    fi
    step_done "$result"
}

# new_collector NAME: makes one, and prints its key.
new_collector() {
    local answer
    answer=$(latchkey collector create --name "$1" --json 2>>"$step_log")
    json_member collector_key <<<"$answer"
}

# A string member of the JSON on standard input, without escapes.
json_member() {
    sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"
}

# `env`, whole or not at all.
write_env() {
    (
        umask 077
        {
            say '# For a shell: . FILE. It holds the secrets of a demo: nothing that anybody needs to protect.'
            export_line LATCHKEY_TRY_DIR "$state_link"
            export_line LATCHKEY_BASE_URL "https://localhost:$port"
            export_line LATCHKEY_PRODUCTION_URL "https://localhost:$port"
            export_line LATCHKEY_SANDBOX_URL "https://localhost:$sandbox_port"
            export_line LATCHKEY_DEMO_URL "https://localhost:$sandbox_port/demo/"
            export_line LATCHKEY_CA_FILE "$state/tls/ca.crt"
            export_line LATCHKEY_CLIENT_APP "$client_app"
            export_line LATCHKEY_API_KEY "$api_key"
            export_line LATCHKEY_API_SECRET "$api_secret"
            export_line LATCHKEY_WEBHOOK_SECRET "$webhook_secret"
            export_line LATCHKEY_COLLECTOR_KEY "$collector_key"
            export_line LATCHKEY_SANDBOX_USER_ID "$demo_user"
            export_line LATCHKEY_VERIFY_SOCKET "$state/run/verify.sock"
            export_line LATCHKEY_DATABASE_SOCKET "$state/run/database.sock"
            export_line LATCHKEY_UPLOAD_SOCKET "$state/run/upload.sock"
            export_line LATCHKEY_DATABASE_URL "$(database_uri postgres)"
            export_line LATCHKEY_KEYS_FILE "$state/keys/token.jwks"
            export_line LATCHKEY_SECRET_HASH_KEYS_FILE "$state/keys/secret-hash.jwks"
            export_line LATCHKEY_DOWNLOAD_KEYS_FILE "$state/keys/download.jwks"
            export_line LATCHKEY_WEBHOOK_KEYS_FILE "$state/keys/webhook.jwks"
            export_line LATCHKEY_DOCUMENTS_FOLDER "$state/documents"
            export_line LATCHKEY_PID "$(pid_of latchkeyd)"
            export_line LATCHKEY_NGINX_PID "$(pid_of nginx)"
            export_line LATCHKEY_WEBHOOKS_PID "$(pid_of latchkey-webhooks)"
            export_line LATCHKEY_LOG "$state/log/latchkeyd.log"
            export_line LATCHKEY_NGINX_LOG "$state/log/nginx.access.log"
            export_line LATCHKEY_WEBHOOKS_LOG "$state/log/latchkey-webhooks.log"
            export_line LATCHKEY_RECEIVER_LOG "$state/log/webhook-receiver.log"
            export_line LATCHKEY_SANDBOX_BANK_LOG "$state/log/sandbox-bank.log"
            export_line LATCHKEY_NGINX_CONFIG "$state/nginx/nginx.conf"
            say "export PATH=$(quoted "$state/bin"):\"\$PATH\""
        } >"$state/env.new"
    )
    mv -- "$state/env.new" "$state/env"
}

export_line() {
    printf 'export %s=%s\n' "$1" "$(quoted "$2")"
}
