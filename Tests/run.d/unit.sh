# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# The Swift tests of all modules.

run_unit() {
    local result=0
    rm -f -- "$work"/unit*.xml
    run_long swift build --package-path "$checkout" --build-tests >>"$part_log" 2>&1 || {
        count_failure 'unit: the build; the end of its log:'
        show_log
        return 0
    }
    # Swift Testing runs them side by side, in one process.
    run_long swift test --package-path "$checkout" --skip-build --xunit-output "$work/unit.xml" \
        >>"$part_log" 2>&1 || result=$?
    # The file without the suffix is XCTest's, for which there is no test here.
    count_junit unit "$work/unit-swift-testing.xml"
    grep -E '^✘ Test .* recorded an issue|: Fatal error: |^error: ' -- "$part_log" | head -n 40 || true
    # A failed test is counted by its name; a process that crashed is not.
    (( result == 0 || failed > 0 )) || count_failure "unit: swift test ended with status $result"
}
