# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# What is shown: a token, and what its user finds a year later.

# The commands are shown to the user and run as they stand here, by a shell that has read `env`. No secret, token or
# link is ever an argument of a program, where other users of the machine could read it.

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

prior_year_command() {
    cat <<'END'
links=$(printf '{"api_key": "%s", "api_secret": "%s", "taiki_user_id": "%s"}' \
        "$LATCHKEY_API_KEY" "$LATCHKEY_API_SECRET" "$LATCHKEY_SANDBOX_USER_ID" |
    curl --silent --show-error --http2 --cacert "$LATCHKEY_CA_FILE" --json @- "$LATCHKEY_SANDBOX_URL/api/token" |
    sed 's/.*"access_token":"\([^"]*\)".*/Authorization: Bearer \1/' |
    curl --silent --show-error --http2 --cacert "$LATCHKEY_CA_FILE" --header @- "$LATCHKEY_SANDBOX_URL/api/prior-year")
echo "$links"
END
}

# The last one of the links.
download_command() {
    cat <<'END'
echo "$links" | sed 's/.*"download_url":"\([^"]*\)".*/url = "\1"/' |
    curl --silent --show-error --http2 --cacert "$LATCHKEY_CA_FILE" --config - --output "$LATCHKEY_TRY_DIR/sample.pdf" \
        --write-out '%{http_code} %{content_type}, %{size_download} bytes\n'
END
}

# pasted COMMAND...: runs commands as a user does who has pasted them.
pasted() {
    local command
    # Without a proxy, which could not reach this machine's own address.
    { say '. ./env'; for command in "$@"; do "$command"; done; } | no_proxy=localhost sh -eus 2>>"$step_log"
}

# Gets a token and has it verified.
first_token() {
    local answers
    step 'first token'
    answers=$(pasted token_command verify_command)
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

# What a collector does: records two documents of last year, for a new user in the sandbox. Once, since they stay.
first_retrieval() {
    local answer token user retrieval file
    step retrieval
    if [[ -n $demo_user ]]; then
        step_done kept
        return
    fi
    expect '"access_token":"' POST api/token \
        "$(json_data "{\"api_key\":\"$api_key\",\"api_secret\":\"$api_secret\"}")"
    token=$(json_member access_token <<<"$answer")
    user=$(json_member taiki_user_id <<<"$answer")
    expect '"status":"open"' POST api/retrievals "$(json_data "{\"access_token\":\"$token\",
        \"platform\":\"first-sandbox-bank\",\"tax_year\":$(( $(date -u +%Y) - 1 ))}")"
    retrieval=$(json_member id <<<"$answer")
    for file in "$checkout"/deploy/samples/*.pdf; do
        expect '"sha256":"' PUT "api/retrievals/$retrieval/files/${file##*/}" \
            'header = "Content-Type: application/pdf"' 'header = "Expect:"' "upload-file = \"$file\""
    done
    expect '"document_count":2' POST "api/retrievals/$retrieval/finish" \
        "$(json_data '{"status":"success","metadata":{"recorded_by":"deploy/try"}}')"
    within 20 is_announced "$user" || step_failed 'its webhook was not received within 20 s'
    demo_user=$user
    write_env
    step_done 'recorded, and announced'
}

# expect WORDS METHOD PATH LINE...: calls the sandbox as the collector, with lines of curl's own configuration. The
# answer must have the words.
expect() {
    local words=$1 method=$2 path=$3
    shift 3
    answer=$(
        printf '%s\n' "header = \"Authorization: APIKEY $collector_key\"" "$@" |
            curl --disable --silent --show-error --noproxy '*' --http2 --cacert tls/ca.crt --config - \
                --request "$method" "https://localhost:$sandbox_port/$path" 2>>"$step_log"
    )
    [[ $answer == *"$words"* ]] || { say "$method /$path answered: $answer" >>"$step_log"; return 1; }
}

# JSON as a body, in two lines of curl's configuration.
json_data() {
    local text=${1//$'\n'/ }
    text=${text//\\/\\\\}
    printf 'header = "Content-Type: application/json"\ndata = "%s"\n' "${text//\"/\\\"}"
}

is_announced() {
    grep -F -- "$1" log/webhook-receiver.log >/dev/null
}

# What the user finds the next time: the platform, the documents, and one of them downloaded.
prior_year() {
    local answers
    step 'prior year'
    answers=$(pasted prior_year_command download_command)
    prior_year_answer=${answers%%$'\n'*}
    download_answer=${answers#*$'\n'}
    if [[ $prior_year_answer != *'"platform":"first-sandbox-bank"'* || $download_answer != '200 application/pdf'* ]] ||
        ! cmp -s -- sample.pdf "$checkout/deploy/samples/1099_INT.pdf"; then
        # Its links are for 15 minutes and for the demo's documents alone.
        say "GET /api/prior-year answered: $prior_year_answer" >>"$step_log"
        say "the download answered: $download_answer" >>"$step_log"
        return 1
    fi
    step_done 'found, and downloaded'
}

# show_result LAST_LINE
show_result() {
    cat <<END

    . $(quoted "$state/env")

$(token_command | indented)

$(pretty "$token_answer" | indented)

$(verify_command | indented)

$(pretty "$verify_answer" | indented)

A year later: a collector has recorded two documents for a user in the sandbox.

$(prior_year_command | indented)

$(pretty "$prior_year_answer" | indented)

$(download_command | indented)

$(indented <<<"$download_answer")

The demo app was told of them by a webhook, of which its receiver says:

$(tail -n 8 -- log/webhook-receiver.log | indented)

Now play the QuickStart in a browser: a page, its company, the link modal and a bank.

    https://localhost:$sandbox_port/demo/

The browser will ask about the certificate, unless it trusts $(quoted "$state/tls/ca.crt").

production  https://localhost:$port
sandbox     https://localhost:$sandbox_port
receiver    http://127.0.0.1:$receiver_port (of webhooks)
company     http://127.0.0.1:$company_port (of the demo page)
env         $state/env (the first line above reads it; then \`latchkey app list\` works too)
logs        $state/log
$1
END
}

indented() {
    sed 's/^/    /'
}

# Compact JSON for people.
pretty() {
    python3 -m json.tool --indent 2 --no-ensure-ascii <<<"$1"
}
