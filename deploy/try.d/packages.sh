# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# Debian's packages: what the build and the services need, installed only where it is missing.

# Oldest PostgreSQL that the migrations run on.
readonly oldest_postgresql=15

as_root=()             # what makes a command run as root
no_main_cluster=       # a file of ours in /etc while apt runs

install_packages() {
    local missing=() had_nginx=yes
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        fail 'this is neither Debian nor one of its kin, where this program could install what is missing.' \
            'Latchkey needs libfcgi, libpq and OpenSSL with their headers, pkg-config, a C++ compiler, git, nginx,' \
            "PostgreSQL $oldest_postgresql or newer, sqitch with DBD::Pg, openssl, curl and python3."
    fi
    step packages
    find_missing
    if (( ${#missing[@]} == 0 )); then
        step_done 'all there'
    else
        [[ " ${missing[*]} " != *' nginx '* ]] || had_nginx=no
        apt_install "${missing[@]}"
        [[ $had_nginx == yes ]] || turn_off_system_nginx
        step_done installed
    fi
    find_postgresql
    nginx_program=$(PATH=$PATH:/usr/sbin command -v nginx)
}

# Programs are looked for by name, since any package may have brought them; what is only linked to, by its package.
find_missing() {
    local package
    for package in libfcgi-dev libpq-dev libssl-dev libdbd-pg-perl ca-certificates; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    need pkg-config pkg-config
    need g++ g++
    need git git
    need nginx nginx
    need sqitch sqitch
    need psql postgresql-client
    need openssl openssl
    need curl curl
    need python3 python3
    [[ -n $(newest_postgresql) ]] || missing+=(postgresql)
    # The toolchain comes as an archive: on a bare machine what it needs itself is missing, and it does not even start.
    swift build --version >/dev/null 2>&1 ||
        missing+=(libcurl4-openssl-dev libncurses-dev libsqlite3-dev libxml2-dev zlib1g-dev tzdata)
}

# need PROGRAM PACKAGE
need() {
    PATH=$PATH:/usr/sbin command -v "$1" >/dev/null || missing+=("$2")
}

# PostgreSQL's server programs are not on PATH: Debian keeps each version's in a folder.
newest_postgresql() {
    local program version newest=0
    for program in /usr/lib/postgresql/*/bin/postgres; do
        version=${program#/usr/lib/postgresql/}
        version=${version%%/*}
        if [[ -x $program && $version =~ ^[0-9]+$ ]] && (( version >= oldest_postgresql && version > newest )); then
            newest=$version
        fi
    done
    (( newest == 0 )) || say "$newest"
}

find_postgresql() {
    local version
    version=$(newest_postgresql)
    [[ -n $version ]] ||
        fail "PostgreSQL $oldest_postgresql or newer is needed, and this system's package is older:" \
            'see https://wiki.postgresql.org/wiki/Apt.'
    # Data made by one major version is for that one only.
    if [[ -e $state/postgres/data/PG_VERSION ]]; then
        version=$(<"$state/postgres/data/PG_VERSION")
        [[ -x /usr/lib/postgresql/$version/bin/postgres ]] ||
            fail "the data in $state_link was made by PostgreSQL $version, which is not installed here:" \
                "install postgresql-$version, or start over with --fresh."
    fi
    pg_bin=/usr/lib/postgresql/$version/bin
}

apt_install() {
    local failed=no
    if (( EUID != 0 )); then
        command -v sudo >/dev/null ||
            fail "these Debian packages are missing: $*. Install them as root, then start again."
        as_root=(sudo --)
    fi
    remark "installing $*"
    [[ " $* " != *' postgresql '* ]] || forbid_main_cluster
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || run_apt update
    # An install fails with lists that are out of date.
    run_apt install "$@" || { run_apt update && run_apt install "$@"; } || failed=yes
    allow_main_cluster
    [[ $failed == no ]]
}

# apt runs in the foreground, for sudo may ask for a password. A service that it starts must not hold the lock.
run_apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "$@" </dev/null >>"$step_log" 2>&1 9<&-
}

# With the server's package Debian makes and starts a cluster "main", but not while this file is there. The private
# cluster is all that is needed here.
forbid_main_cluster() {
    no_main_cluster=/etc/postgresql-common/createcluster.d/latchkey-try.conf
    say 'create_main_cluster = false' | "${as_root[@]}" install -D -m 0644 /dev/stdin "$no_main_cluster"
}

allow_main_cluster() {
    [[ -n $no_main_cluster ]] || return 0
    "${as_root[@]}" rm -f -- "$no_main_cluster"
    "${as_root[@]}" rmdir --ignore-fail-on-non-empty -- "${no_main_cluster%/*}"
    no_main_cluster=
}

# Debian starts nginx on port 80 when it is installed. It was installed for this program, which runs its own.
turn_off_system_nginx() {
    {
        "${as_root[@]}" update-rc.d nginx disable
        "${as_root[@]}" service nginx stop
    } >>"$step_log" 2>&1 9<&- || true
    remark 'nginx as a system service (port 80) is off; "update-rc.d nginx enable" turns it on'
}
