# shellcheck shell=bash disable=SC2034,SC2154  # the parts share variables; Tests/run lists them
#
# What a machine can see in a text: shellcheck for scripts, and a few rules for every file of ours.

run_lint() {
    local files scripts file good=0 bad=0
    mapfile -t files < <(our_files)
    (( ${#files[@]} > 100 )) || count_failure 'lint: the files are not where they were'
    mapfile -t scripts < <(grep -lE '^#!.*\b(ba)?sh$|^# shellcheck shell=' -- "${files[@]}")
    (( ${#scripts[@]} > 5 )) || count_failure 'lint: the scripts are not where they were'

    for file in "${scripts[@]}"; do
        if shellcheck --severity=info -- "$file" >>"$part_log"; then good=$(( good + 1 )); else
            bad=$(( bad + 1 ))
            say "   FAILED shellcheck ${file#"$checkout/"}"
        fi
    done
    count_tests shellcheck "$good" "$bad" 0

    good=0 bad=0
    for file in "${files[@]}"; do
        if check_text "$file" >>"$part_log"; then good=$(( good + 1 )); else bad=$(( bad + 1 )); fi
    done
    count_tests text "$good" "$bad" 0
    # Their own log is short: it says all.
    (( bad == 0 )) || sed -n 's/^text: /   FAILED /p' "$part_log"
}

# All files that people write, wherever they are in the checkout. What a build made is not among them, nor are the bytes
# that fuzzing starts from.
our_files() {
    find "$checkout" -mindepth 1 \
        \( -name .build -o -name .git -o -name .try -o -name __pycache__ -o -path '*/Tests/Fuzz/corpus' \) -prune -o \
        -type f ! -name LICENSE ! -name Package.resolved -print | sort
}

# check_text FILE: UTF-8 without tabs, trailing blanks, or a last line that does not end. Lines of code have at most 120
# characters; a line of configuration or of a table may need more.
check_text() {
    local file=$1 name=${1#"$checkout/"} longest=0 result=0
    case $name in
        *.swift | *.sql | *.sh | *.py | *.h | *.c) longest=120 ;;
        deploy/try | Tests/run | Tests/soak | Tests/Fuzz/run | migrations/check | .ci/run) longest=120 ;;
    esac
    iconv -f UTF-8 -t UTF-8 -- "$file" >/dev/null 2>&1 || { say "text: $name is not UTF-8"; return 1; }
    # sqitch writes a tab into its own file.
    awk -v name="$name" -v longest="$longest" '
        function fault(what) { printf "text: %s:%d %s\n", name, FNR, what; bad = 1 }
        /\t/ && name !~ /(^|\/)sqitch\.conf$/ { fault("has a tab") }
        /[ \r]$/                              { fault("ends with a blank") }
        longest && length > longest           { fault("has " length " characters") }
        END                                   { exit bad }' "$file" || result=1
    if [[ -s $file && -n $(tail -c 1 -- "$file") ]]; then
        say "text: $name does not end with a line feed"
        result=1
    fi
    return "$result"
}
