# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# What the tests need: the packages that deploy/try needs, some more of Debian's, and Python's in a folder of .build.

python=             # of the virtual environment
step_log=$work/packages.log

# deploy/try installs Debian's packages; these are the words it does that with.
# shellcheck source=/dev/null
. "$checkout/deploy/try.d/packages.sh"

fail() {
    printf 'Tests/run: %s\n' "$*" >&2
    exit 1
}

remark() {
    printf '   %s\n' "$1"
}

prepare_tools() {
    local missing=() had_nginx=yes
    find_swift
    command -v apt-get >/dev/null || fail 'this is neither Debian nor one of its kin; see deploy/try.'
    : >"$step_log"
    find_missing
    need shellcheck shellcheck
    need pg_prove libtap-parser-sourcehandler-pgtap-perl
    need setpriv util-linux
    need ps procps
    need slowhttptest slowhttptest
    need testssl testssl.sh
    need pdftotext poppler-utils
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    if (( ${#missing[@]} > 0 )); then
        [[ " ${missing[*]} " != *' nginx '* ]] || had_nginx=no
        install_missing
        [[ $had_nginx == yes ]] || turn_off_system_nginx
    fi
    # pgTAP is a package of the server's version.
    missing=()
    compgen -G "/usr/share/postgresql/$(newest_postgresql)/extension/pgtap.control" >/dev/null ||
        missing=("postgresql-$(newest_postgresql)-pgtap")
    (( ${#missing[@]} == 0 )) || install_missing
    prepare_python
}

install_missing() {
    apt_install "${missing[@]}" || {
        tail -n 15 -- "$step_log" >&2
        fail "these packages could not be installed: ${missing[*]}; the whole log: $step_log"
    }
}

# A toolchain that is unpacked somewhere need not be on PATH, least of all after sudo.
find_swift() {
    local folder
    for folder in '' ~/.local/share/swiftly/bin /opt/*/usr/bin /usr/local/*/usr/bin /usr/libexec/swift/*/bin; do
        if PATH=${folder:-$PATH} command -v swift >/dev/null; then
            [[ -z $folder ]] || export PATH=$folder:$PATH
            return
        fi
    done
    fail 'there is no Swift toolchain on PATH: see https://www.swift.org/install/linux/.'
}

# Made anew where the list of packages, or Python itself, is another one.
prepare_python() {
    local list=$checkout/Tests/requirements.txt folder=$work/python wanted
    python=$folder/bin/python
    wanted=$(python3 -VV && cat -- "$list")
    if [[ ! -e $folder/installed || $(<"$folder/installed") != "$wanted" ]]; then
        remark "Python's packages are installed into ${folder#"$checkout/"}"
        rm -rf -- "$folder"
        {
            python3 -m venv "$folder" && "$python" -m pip install --disable-pip-version-check -r "$list"
        } >"$work/python.log" 2>&1 || {
            tail -n 15 -- "$work/python.log" >&2
            fail "Python's packages could not be installed; the whole log: $work/python.log"
        }
        say "$wanted" >"$folder/installed"
    fi
}
