# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# The modal in a real browser: Debian's Chromium, driven by Playwright's Python package, which brings none of its own
# here. Where there is no browser, all of this is skipped, and said so; a continuous integration must have one.

readonly browser_seconds=600    # for its packages, of about 100 MB

run_browser() {
    local result=0 words=() reason="there is no program ${LATCHKEY_BROWSER-}"
    find_browser || install_browser || {
        [[ -n ${LATCHKEY_BROWSER-} ]] || reason='Chromium is not here and could not be installed'
        reason+="; see ${part_log#"$checkout/"}"
        if [[ ${CI-} == true ]]; then
            count_failure "browser: $reason"
        else
            printf '   SKIPPED browser, ALL of it: %s\n' "$reason"
            count_tests browser 0 0 1
        fi
        show_log
        return 0
    }
    read -ra words <<<"${LATCHKEY_PYTEST-}"
    rm -rf -- "$work/browser.xml" "$work/screenshots"
    PYTHONDONTWRITEBYTECODE=1 run_long "$python" -m pytest --quiet --tb=short --durations=10 \
        --junit-xml="$work/browser.xml" -c "$checkout/Tests/SystemTests/pytest.ini" "${words[@]}" \
        "$checkout/Tests/SystemTests/browser" >>"$part_log" 2>&1 || result=$?
    count_junit browser "$work/browser.xml"
    (( result <= 1 )) || count_failure "browser: pytest ended with status $result"
    (( result == 0 )) || show_log
    [[ ! -d $work/screenshots ]] || remark "how everything looked: ${work#"$checkout/"}/screenshots"
}

find_browser() {
    command -v "${LATCHKEY_BROWSER:-chromium}" >/dev/null
}

# Only what comes from the network has an end set: a package that is half unpacked is worse than none.
install_browser() {
    local as_root=()
    [[ -z ${LATCHKEY_BROWSER-} ]] || return 1
    if (( EUID != 0 )); then
        command -v sudo >/dev/null || { say 'There is no sudo.' >>"$part_log"; return 1; }
        as_root=(sudo --)
    fi
    remark 'installing chromium'
    {
        run_apt_within "$browser_seconds" install --download-only chromium ||
            { run_apt_within 120 update && run_apt_within "$browser_seconds" install --download-only chromium; }
    } && run_apt_within 0 install --no-download chromium && find_browser
}

# run_apt_within SECONDS ACT...; 0 is no limit.
run_apt_within() {
    "${as_root[@]}" timeout --foreground "$1" env DEBIAN_FRONTEND=noninteractive apt-get -y \
        --no-install-recommends -o DPkg::Lock::Timeout=120 "${@:2}" </dev/null >>"$part_log" 2>&1
}
