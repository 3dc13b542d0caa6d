# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# A minute of libFuzzer for each of the targets in Tests/Fuzz.

run_fuzz() {
    local result=0 good bad
    run_long "$checkout/Tests/Fuzz/run" >>"$part_log" 2>&1 || result=$?
    good=$(grep -c '^ok ' "$part_log" || true)
    bad=$(grep -c '^FAILED ' "$part_log" || true)
    count_tests targets "$good" "$bad" 0
    sed -nE '/^(ok|FAILED) |^   [a-z/=]/s/^/   /p' "$part_log"
    ! grep -q '^FAILED build$' "$part_log" || show_log
    (( result == 0 || bad > 0 )) || count_failure "fuzz: ended with status $result"
}
