# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# What became of the tests: a line for each part, the failures by name, and the sum.

passed=0
failed=0
skipped=0
part_log=       # of the part that runs
child=          # a long command that runs
clusters=()     # private PostgreSQL clusters to stop at the end

say() {
    printf '%s\n' "$1"
}

# run_part NAME: a part counts what it ran by count_tests; whatever else goes wrong is a failure too.
run_part() {
    local name=$1 begin=$SECONDS result=0 before="$passed $failed $skipped"
    part_log=$work/$name.log
    printf '\n== %s\n' "$name"
    : >"$part_log"
    "run_$name" || result=$?
    if [[ $before == "$passed $failed $skipped" ]]; then
        count_failure "$name: nothing was counted"
    elif (( result != 0 )); then
        count_failure "$name: ended with status $result"
    fi
    printf '   %s: %d s, log in %s\n' "$name" "$(( SECONDS - begin ))" "${part_log#"$checkout/"}"
}

# count_tests NAME PASSED FAILED SKIPPED
count_tests() {
    local number
    for number in "${@:2}"; do
        if ! [[ $number =~ ^[0-9]+$ ]]; then
            count_failure "$1: its result could not be read"
            return
        fi
    done
    printf '   %s: %d passed, %d failed, %d skipped\n' "$@"
    passed=$(( passed + $2 )) failed=$(( failed + $3 )) skipped=$(( skipped + $4 ))
}

count_failure() {
    printf '   FAILED %s\n' "$1"
    failed=$(( failed + 1 ))
}

# count_junit NAME FILE: the tests in a JUnit file, each failed one by name. No file or no test in it is a failure: then
# whoever should have written it did not get to its end.
count_junit() {
    local counts
    if counts=$("$python" "$checkout/Tests/run.d/junit.py" "$2"); then
        # shellcheck disable=SC2046,SC2086
        count_tests "$1" $(tail -n 1 <<<"$counts")
        sed '$d' <<<"$counts"
    else
        count_failure "$1: no result in ${2#"$checkout/"}; the end of its log:"
        show_log
    fi
}

# run_long COMMAND...: bash hears no signal while it waits for a command in the foreground.
run_long() {
    local result=0
    "$@" </dev/null &
    child=$!
    wait "$child" || result=$?
    child=
    return "$result"
}

show_log() {
    tail -n 40 -- "$part_log" | sed 's/^/      /'
}

close() {
    local skips=
    (( skipped == 0 )) || skips=", $skipped skipped"
    printf '\n%d passed, %d failed%s\n' "$passed" "$failed" "$skips"
    (( failed == 0 ))
}

leave() {
    local status=$? folder
    trap - EXIT
    if [[ -n $child ]]; then
        # It ends what it started.
        kill -s TERM -- "$child" 2>/dev/null || true
        wait "$child" || true
    fi
    for folder in "${clusters[@]}"; do
        stop_cluster "$folder"
    done
    exit "$status"
}
