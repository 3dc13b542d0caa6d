# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# The whole product, and clients that others wrote. deploy/try builds the release for it.

run_system() {
    local result=0 words=()
    read -ra words <<<"${LATCHKEY_PYTEST-}"
    rm -f -- "$work/system.xml"
    # No folder of the checkout but .build is written to.
    PYTHONDONTWRITEBYTECODE=1 run_long "$python" -m pytest --quiet --tb=short --durations=10 \
        --junit-xml="$work/system.xml" -c "$checkout/Tests/SystemTests/pytest.ini" "${words[@]}" \
        --ignore="$checkout/Tests/SystemTests/browser" "$checkout/Tests/SystemTests" >>"$part_log" 2>&1 || result=$?
    count_junit system "$work/system.xml"
    # 0: all passed, 1: some failed, which are counted.
    (( result <= 1 )) || count_failure "system: pytest ended with status $result"
    (( result == 0 )) || show_log
}
