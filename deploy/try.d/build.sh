# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# The programs, built in release mode and copied into the state folder.

check_swift() {
    command -v swift >/dev/null ||
        fail 'there is no Swift toolchain on PATH: see https://www.swift.org/install/linux/. (sudo may shorten PATH.)'
}

build_programs() {
    local program built
    step build
    for program in latchkeyd latchkey-webhooks latchkey; do
        # Swift's own libraries are linked in, so that the account needs to reach no toolchain.
        run_long swift build --package-path "$checkout" -c release --product "$program" --static-swift-stdlib
    done
    built=$(swift build --package-path "$checkout" -c release --show-bin-path 2>>"$step_log")
    renew latchkeyd "$built/latchkeyd" bin/latchkeyd
    renew latchkey-webhooks "$built/latchkey-webhooks" bin/latchkey-webhooks
    renew 'webhook-receiver demo-company' "$checkout/deploy/try.d/standard_webhooks.py" libexec/standard_webhooks.py
    renew webhook-receiver "$checkout/deploy/try.d/webhook-receiver" libexec/webhook-receiver
    renew demo-company "$checkout/deploy/try.d/demo-company" libexec/demo-company
    renew sandbox-bank "$checkout/deploy/sandbox-bank/latchkey-sandbox-bank" libexec/latchkey-sandbox-bank
    if (( EUID == 0 )); then
        install -D -m 0755 -- "$built/latchkey" libexec/latchkey
        write_root_command >bin/latchkey
        chmod 0755 -- bin/latchkey
    else
        install -m 0755 -- "$built/latchkey" bin/latchkey
    fi
    step_done 'built'
}

# renew SERVICES FROM TO: one that still runs is older than what is tried out, and is started again further down.
renew() {
    local service
    if ! cmp -s -- "$2" "$3"; then
        for service in $1; do stop_service "$service"; done
        install -D -m 0755 -- "$2" "$3"
    fi
}

# The keys belong to the account that latchkeyd runs as. Where root wrote them anew, latchkeyd could not read them: the
# command acts as the account too.
write_root_command() {
    local program
    program=$(quoted "$state/libexec/latchkey")
    cat <<END
#!/bin/sh
if [ "\$(id -u)" = 0 ]; then
    exec setpriv --reuid=$account --regid=$account --init-groups --no-new-privs -- $program "\$@"
fi
exec $program "\$@"
END
}
