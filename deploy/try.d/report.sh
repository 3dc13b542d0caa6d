# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# What the user sees: a line for each step, and on failure what failed and where its log is.

step_name=        # the step under way, or nothing
step_log=         # its log file
step_began=0
step_reason=      # why it failed, where its log would not say
child=            # a long command that runs for a step, and its session

say() {
    printf '%s\n' "$1"
}

# fail SENTENCE...: for what the user can mend, and no log explains better.
fail() {
    [[ -z $step_name ]] || say failed
    step_name=
    printf 'deploy/try: %s\n' "$*" >&2
    exit 1
}

# step NAME [LOG]: begins a step. LOG is a service's log; without it the step has one of its own, of this start only.
step() {
    step_name=$1
    step_log=$state/log/${2:-${1// /-}.log}
    step_began=$SECONDS
    step_reason=
    [[ -n ${2-} ]] || : >"$step_log"
    printf '  %-13s ' "$step_name"
}

step_done() {
    printf '%s (%d s)\n' "$1" "$(( SECONDS - step_began ))"
    step_name=
}

step_failed() {
    step_reason=$1
    exit 1
}

# step_command LOG REASON COMMAND...: runs it with its output in a log of its own.
step_command() {
    local log=$1 reason=$2
    shift 2
    "$@" >"log/$log" 2>&1 || {
        step_log=$state/log/$log
        step_failed "$reason"
    }
}

# remark TEXT: a line of its own within a step.
remark() {
    printf '%s\n  %-13s ' "$1" ''
}

# run_long COMMAND...: runs it with its output in the step's log, whose last line a terminal shows meanwhile. It gets a
# session of its own, so that an interrupted start can end it with all its children.
run_long() {
    local line
    setsid -- "$@" >>"$step_log" 2>&1 </dev/null 9<&- &
    child=$!
    while kill -0 "$child" 2>/dev/null; do
        if [[ -t 1 ]]; then
            line=$(tail -n 1 -- "$step_log" | tr -d '[:cntrl:]')
            printf '\r\e[K  %-13s %s' "$step_name" "${line:0:60}"
        fi
        sleep 0.5
    done
    [[ ! -t 1 ]] || printf '\r\e[K  %-13s ' "$step_name"
    wait "$child"
    child=
}

# Runs at every exit: says what failed, and stops what has to be stopped. Nothing cuts it short: no second Ctrl-C, no
# error of its own, no terminal that is gone.
leave() {
    local status=$? interrupted=no
    trap - EXIT
    trap '' INT TERM HUP PIPE
    set +e
    (( status < 128 )) || interrupted=yes
    if [[ -n $child ]]; then
        kill -s TERM -- "-$child" 2>/dev/null
        within 10 is_gone "$child" || kill -s KILL -- "-$child" 2>/dev/null
    fi
    allow_main_cluster
    if [[ -n $step_name && $interrupted == yes ]]; then
        say interrupted
    elif [[ -n $step_name ]]; then
        status=1
        say failed
        show_log "$step_log"
        printf 'deploy/try: the step "%s" failed%s. Its whole log: %s\n' \
            "$step_name" "${step_reason:+: $step_reason}" "$step_log" >&2
    fi
    case $phase in
        starting)
            # A service that was being started may not have written its pid file yet.
            [[ $interrupted == no ]] || sleep 1
            stop_started
            ;;
        watching)
            # Ctrl-C is how a watched Latchkey ends: nothing went wrong.
            [[ $interrupted == no ]] || status=0
            flock -w 120 9
            stop_all && say "Stopped. $(what_stays)"
            ;;
    esac
    exit "$status"
}

# The last lines of a log, indented.
show_log() {
    [[ ! -r $1 ]] || tail -n 15 -- "$1" | sed 's/^/      /' >&2
}

what_stays() {
    say "The data stays in $state_link for the next start; to delete it: $(command_line stop --fresh)"
}

# This program with other words, for this very state folder, to be pasted.
command_line() {
    local words
    words="$(printf '%q' "$0") $*"
    [[ $state_link == "$checkout/.try" ]] || words="LATCHKEY_TRY_DIR=$(quoted "$state_link") $words"
    say "$words"
}

# A text as one word of any shell, dash included.
quoted() {
    printf "'%s'" "${1//\'/\'\\\'\'}"
}
