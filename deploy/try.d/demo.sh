# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# The demo client app, the file `env`, and the first token.

# The two commands are shown to the user and run as they stand here, by a shell that has read `env`. Neither secret nor
# token is ever an argument of a program, where other users of the machine could read it.

token_command() {
    cat <<'END'
answer=$(printf '{"api_key": "%s", "api_secret": "%s"}' "$LATCHKEY_API_KEY" "$LATCHKEY_API_SECRET" |
    curl --silent --show-error --http2 --cacert "$LATCHKEY_CA_FILE" --json @- "$LATCHKEY_BASE_URL/api/token")
echo "$answer"
END
}

verify_command() {
    cat <<'END'
echo "$answer" | sed 's/.*"access_token":"\([^"]*\)".*/Authorization: Bearer \1/' |
    curl --silent --show-error --http2 --cacert "$LATCHKEY_CA_FILE" --header @- \
        --request POST "$LATCHKEY_BASE_URL/api/verify-token"
END
}

# The key and secret of the demo app that `env` holds, if there is one.
read_demo_app() {
    [[ -r env ]] || return 0
    # shellcheck disable=SC2016  # sh expands this
    { read -r api_key && read -r api_secret; } < <(
        sh -c '. ./env; printf "%s\n" "$LATCHKEY_API_KEY" "$LATCHKEY_API_SECRET"'
    ) || true
}

make_demo_app() {
    local answer
    step 'demo app'
    read_demo_app
    if [[ -n $api_key && -n $api_secret ]]; then
        step_done kept
        return
    fi
    answer=$(latchkey app create --name Demo --json 2>>"$step_log")
    api_key=$(json_member api_key <<<"$answer")
    api_secret=$(json_member api_secret <<<"$answer")
    [[ -n $api_key && -n $api_secret ]]
    # At once: the secret is shown only now.
    write_env
    step_done registered
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
            say '# For a shell: . FILE. It holds the secret of a demo app: nothing that anybody needs to protect.'
            export_line LATCHKEY_TRY_DIR "$state_link"
            export_line LATCHKEY_BASE_URL "https://localhost:$port"
            export_line LATCHKEY_SANDBOX_URL "https://localhost:$sandbox_port"
            export_line LATCHKEY_CA_FILE "$state/tls/ca.crt"
            export_line LATCHKEY_API_KEY "$api_key"
            export_line LATCHKEY_API_SECRET "$api_secret"
            export_line LATCHKEY_VERIFY_SOCKET "$state/run/verify.sock"
            export_line LATCHKEY_DATABASE_SOCKET "$state/run/database.sock"
            export_line LATCHKEY_DATABASE_URL "$(database_uri postgres)"
            export_line LATCHKEY_KEYS_FILE "$state/keys/token.jwks"
            export_line LATCHKEY_SECRET_HASH_KEYS_FILE "$state/keys/secret-hash.jwks"
            export_line LATCHKEY_PID "$(pid_of latchkeyd)"
            export_line LATCHKEY_NGINX_PID "$(pid_of nginx)"
            export_line LATCHKEY_LOG "$state/log/latchkeyd.log"
            export_line LATCHKEY_NGINX_LOG "$state/log/nginx.access.log"
            export_line LATCHKEY_NGINX_CONFIG "$state/nginx/nginx.conf"
            say "export PATH=$(quoted "$state/bin"):\"\$PATH\""
        } >"$state/env.new"
    )
    mv -- "$state/env.new" "$state/env"
}

export_line() {
    printf 'export %s=%s\n' "$1" "$(quoted "$2")"
}

# Gets a token and has it verified, by the two commands.
first_token() {
    local answers
    step 'first token'
    # Without a proxy, which could not reach this machine's own address.
    answers=$({ say '. ./env'; token_command; verify_command; } | no_proxy=localhost sh -eus 2>>"$step_log")
    token_answer=${answers%%$'\n'*}
    verify_answer=${answers#*$'\n'}
    if [[ $token_answer != *'"access_token":"'* || $verify_answer != *'"valid":true'* ]]; then
        # A refusal holds no secret.
        [[ $token_answer == *'"access_token":"'* ]] || say "POST /api/token answered: $token_answer" >>"$step_log"
        say "POST /api/verify-token answered: $verify_answer" >>"$step_log"
        return 1
    fi
    step_done 'issued, and verified'
}

# show_result LAST_LINE
show_result() {
    cat <<END

    . $(quoted "$state/env")

$(token_command | indented)

$(pretty "$token_answer" | indented)

$(verify_command | indented)

$(pretty "$verify_answer" | indented)

production  https://localhost:$port
sandbox     https://localhost:$sandbox_port
env         $state/env (the first line above reads it; then \`latchkey app list\` works too)
logs        $state/log
$1
END
}

indented() {
    sed 's/^/    /'
}

# Compact JSON of one level, a member a line.
pretty() {
    sed -e 's/^{"/{\n  "/' -e 's/,"/,\n  "/g' -e 's/":/": /g' -e 's/}$/\n}/' <<<"$1"
}
