# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# Keys for each purpose, and the certificate for localhost. The account makes them, in folders of its own; what is
# private is 0600.

make_keys() {
    local result=kept purpose
    step keys
    for purpose in token secret-hash download webhook; do
        if [[ ! -e keys/$purpose.jwks ]]; then
            latchkey key generate --purpose "$purpose" >>"$step_log" 2>&1
            result=made
        fi
    done
    step_done "$result"
}

# The command as its administrator uses it here; the audit log shows who it was.
latchkey() {
    as_account env LATCHKEY_DATABASE_URL="$(database_uri postgres)" \
        LATCHKEY_KEYS_FILE="$state/keys/token.jwks" LATCHKEY_SECRET_HASH_KEYS_FILE="$state/keys/secret-hash.jwks" \
        LATCHKEY_DOWNLOAD_KEYS_FILE="$state/keys/download.jwks" LATCHKEY_WEBHOOK_KEYS_FILE="$state/keys/webhook.jwks" \
        "$state/bin/latchkey" "$@" --actor deploy/try
}

# A certificate for 30 days, made anew when less than a day is left. Its CA is there for curl or a browser to trust:
# the CA's key is deleted once it has signed, so that it never signs anything else.
make_certificate() {
    step certificate
    if certificate_lasts; then
        step_done kept
        return
    fi
    # shellcheck disable=SC2016  # the account's shell expands this
    as_account sh -euc '
        umask 077
        cd -- "$1"
        trap "rm -f ca.key request.conf" EXIT
        # No extensions but those below; the command insists on a section for names.
        printf "[req]\ndistinguished_name = name\n[name]\n" >request.conf
        new() {
            openssl req -config request.conf -x509 -days 30 -sha256 -noenc \
                -newkey ec -pkeyopt ec_paramgen_curve:P-256 "$@"
        }
        new -subj "/CN=Latchkey try CA" -keyout ca.key -out ca.crt.new \
            -addext basicConstraints=critical,CA:true,pathlen:0 -addext keyUsage=critical,keyCertSign
        new -subj "/CN=localhost" -keyout server.key.new -out server.crt.new -CA ca.crt.new -CAkey ca.key \
            -addext basicConstraints=critical,CA:false -addext keyUsage=critical,digitalSignature \
            -addext extendedKeyUsage=serverAuth -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
        mv -- ca.crt.new ca.crt
        mv -- server.key.new server.key
        # Last, since this file says that the certificate is there.
        mv -- server.crt.new server.crt
    ' sh "$state/tls" >>"$step_log" 2>&1
    # nginx reads the certificate when it starts.
    stop_service nginx
    step_done 'made, for 30 days'
}

certificate_lasts() {
    [[ -e tls/server.crt ]] && openssl x509 -in tls/server.crt -noout -checkend 86400 >/dev/null 2>&1
}
