# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; deploy/try lists them
#
# The state folder: all that a try makes is in it.
#
#     env          for a shell: addresses, the demo's keys and secrets, PATH (0600)
#     bin/ libexec/    the programs as they were built
#     log/         a log for each step and each service
#     postgres/    PostgreSQL's configuration, and its data
#     keys/        the private JWK sets
#     tls/         the certificate, its key and the CA's certificate
#     documents/   the document store
#     www/ samples/    the pages that nginx serves, and First Sandbox Bank's documents
#     run/         sockets and pid files
#     nginx/ migrations/ latchkeyd.conf    copies from the checkout, and what was made for this folder
#
# The folder and the files that this program writes belong to its caller. What the services write belongs to their
# account: root never writes where another account could have put a symbolic link.

readonly marker=.latchkey-try
readonly moved_to=/var/tmp/latchkey-try.

# Finds the state folder: `state` stays empty if there is none.
find_state() {
    state_link=${LATCHKEY_TRY_DIR:-$checkout/.try}
    [[ $state_link == /* ]] || state_link=$PWD/$state_link
    while [[ $state_link == ?*/ ]]; do state_link=${state_link%/}; done
    # A link of ours leads nowhere once /var/tmp was cleared.
    if [[ $(readlink -- "$state_link") == "$moved_to"* && ! -e $state_link ]]; then
        rm -- "$state_link"
    fi
    if [[ ! -d $state_link ]]; then
        [[ ! -e $state_link && ! -L $state_link ]] ||
            fail "$state_link is not a folder; choose another with LATCHKEY_TRY_DIR."
        return 0
    fi
    state=$(cd -P -- "$state_link" && pwd)
    [[ -O $state ]] ||
        fail "$state belongs to $(stat -c %U -- "$state"): run this as that user, or choose another LATCHKEY_TRY_DIR."
    if [[ ! -e $state/$marker ]]; then
        [[ -z $(ls -A -- "$state") ]] ||
            fail "$state is not empty and was not made by this program; choose another folder with LATCHKEY_TRY_DIR."
    fi
}

# Finds or makes the state folder and locks it.
prepare_state() {
    local parent
    find_state
    parent=$(dirname -- "${state:-$state_link}")
    mkdir -p -- "$parent"
    if (( EUID == 0 )) && ! anyone_reaches "$parent"; then
        [[ ! -e $state/$marker ]] ||
            fail "no account but root reaches $parent, where the state folder is: open it (chmod)."
        move_state_out "$parent"
    elif [[ -z $state ]]; then
        state=$(cd -P -- "$parent" && pwd)/$(basename -- "$state_link")
        check_state_path
        mkdir -p -- "$state"
    fi
    check_state_path
    # The lock is on the folder itself: no file to leave behind.
    lock_state
    if [[ ! -e $state/$marker ]]; then
        chmod 0700 -- "$state"
        say 'A state folder of deploy/try, which may delete all that is in it.' >"$state/$marker"
    fi
    # Files are readable to the account unless a mode is given; the folder is closed to all others.
    umask 022
    mkdir -p -- "$state/log"
    # Relative paths below are in the state folder.
    cd -- "$state" || exit
}

# PostgreSQL and the others do not run as root, and a checkout below /root is closed to every other account: then the
# folder is elsewhere, and where it was asked for is a link to it.
move_state_out() {
    local parent=$1
    [[ -z $state ]] || rmdir -- "$state"
    [[ ! -L $state_link ]] || rm -- "$state_link"
    state=$(mktemp -d "${moved_to}XXXXXXXX")
    ln -s --no-target-directory -- "$state" "$state_link"
    say "No account but root reaches $parent: the state folder is $state, and $state_link a link to it."
}

# Whether an account without any right of its own reaches a folder (65534 is nobody, on every Debian).
anyone_reaches() {
    setpriv --reuid=65534 --regid=65534 --clear-groups -- test -x "$1"
}

# The path stands in configuration files of several syntaxes, and in socket addresses, which the kernel limits.
check_state_path() {
    local LC_ALL=C
    local longest=$state/run/.s.PGSQL.5432
    if [[ $state == *[[:cntrl:]\"\'\\\$:,]* ]]; then
        fail "the path $state has a character that cannot stand in all configuration files (one of \" ' \\ \$ : ,)." \
            'Choose another folder with LATCHKEY_TRY_DIR.'
    fi
    if (( ${#longest} > 107 )); then
        fail "the path $state is too long by $(( ${#longest} - 107 )) bytes: a socket's address has room for 107." \
            'Choose a shorter one, for example LATCHKEY_TRY_DIR=/var/tmp/latchkey-try.'
    fi
}

# Only one start or stop at a time works on a folder. Nobody holds the lock while everything just runs.
lock_state() {
    exec 9<"$state"
    if ! flock -n 9 || [[ ! /dev/fd/9 -ef $state ]]; then
        fail "another deploy/try is starting or stopping Latchkey in $state_link; try again when it is done."
    fi
}

# Names the account, which as root exists once Debian's PostgreSQL is installed, and gives it its folders.
give_state_to_account() {
    local folder
    account=$(id -un)
    if (( EUID == 0 )); then
        account=postgres
        id -- "$account" >/dev/null 2>&1 ||
            fail "there is no account $account, which Debian's PostgreSQL would have made."
        chgrp -- "$account" "$state"
        chmod 0750 -- "$state"
    fi
    mkdir -p -- "$state"/{bin,libexec,log,nginx,postgres,run,keys,tls,documents}
    for folder in run keys tls documents; do
        chown -- "$account:" "$state/$folder"
        chmod 0750 -- "$state/$folder"
    done
    # With a clean environment.
    become=(env -i "PATH=$pg_bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" "HOME=$state" LANG=C.UTF-8)
    if (( EUID == 0 )); then
        become+=(setpriv "--reuid=$account" "--regid=$account" --init-groups --no-new-privs --)
    fi
}

# as_account COMMAND...: runs it as the account, without the lock.
as_account() {
    "${become[@]}" "$@" 9<&-
}

# copy_for_account FROM TO: a folder of the checkout, which the account may not reach, and may not read as it is.
copy_for_account() {
    rm -rf -- "$2"
    cp -R -- "$1" "$2"
    chmod -R u=rwX,go=rX -- "$2"
}

# own_log NAME: makes a log file that a service may append to, in a folder where it cannot replace one.
own_log() {
    [[ -e $state/log/$1 ]] || install -m 0600 -o "$account" /dev/null "$state/log/$1"
}

# Deletes what is in the state folder; find_state has seen to it that the folder is ours.
empty_state() {
    find "$state" -mindepth 1 -maxdepth 1 ! -name "$marker" -exec rm -rf -- {} +
    mkdir -- "$state/log"
}

remove_state() {
    empty_state
    rm -rf -- "$state/log" "${state:?}/$marker"
    rmdir -- "$state"
    [[ ! -L $state_link ]] || rm -- "$state_link"
}
