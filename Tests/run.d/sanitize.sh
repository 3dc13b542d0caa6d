# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# The Swift tests once more, under the address sanitizer and under the thread sanitizer: each with a build of its own.
# Of latchkey-webhooks' own few files, which alone stand on SwiftNIO, there is no Swift test: it is left out, and with
# it minutes of building.

run_sanitize() {
    # Swift's runtime keeps memory to the end, which is no leak.
    sanitize address ASAN_OPTIONS=detect_leaks=0
    # A finding ends no process, but makes its status 66. Names as the compiler has them: the suppressions are of those.
    sanitize thread "TSAN_OPTIONS=demangle=0:suppressions=$checkout/Tests/sanitize/thread.supp"
}

# sanitize NAME SETTING: the setting is for all processes that the tests start, too.
sanitize() {
    local name=$1 setting=$2 result=0 before=$failed findings
    local -a words=(--package-path "$checkout" --scratch-path "$checkout/.build/$name" --sanitize "$name")
    local log=$work/sanitize-$name.log
    local -x LATCHKEY_WITHOUT_WEBHOOKS=yes
    rm -f -- "$work/$name"*.xml
    run_long swift build "${words[@]}" --build-tests >"$log" 2>&1 || {
        count_failure "sanitize: the build for the $name sanitizer; the end of its log:"
        tail -n 40 -- "$log" | sed 's/^/      /'
        return 0
    }
    run_long env "$setting" swift test "${words[@]}" --skip-build --xunit-output "$work/$name.xml" \
        >>"$log" 2>&1 || result=$?
    count_junit "$name" "$work/$name-swift-testing.xml"
    findings=$(grep -cE 'ERROR: AddressSanitizer|WARNING: ThreadSanitizer' "$log" || true)
    (( findings == 0 )) || count_failure "sanitize: $findings findings of the $name sanitizer, in ${log#"$checkout/"}"
    (( result == 0 || failed > before )) || count_failure "sanitize: swift test ended with status $result"
}
