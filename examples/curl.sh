#!/usr/bin/env bash
# A whole worker with nothing but curl, grep and sed: asks, tries, tells, until the study is over.
#   BELIEFGRID_URL=http://127.0.0.1:8000 examples/curl.sh st_...
set -euo pipefail

api="${BELIEFGRID_URL:-http://127.0.0.1:8000}/api/v1/studies/$1"

post() { # path, body
    curl -s -X POST "$api/$1" -H 'Content-Type: application/json' -d "$2" \
        ${BELIEFGRID_TOKEN:+-H "Authorization: Bearer $BELIEFGRID_TOKEN"}
}

field() { # name: the first number, or word in quotes, under that name
    grep -oE "\"$1\": *\"?[^\",}]+" <<<"$answer" | head -n 1 | sed -E 's/.*: *"?//' || true
}

try() { # x, y: what is searched, in place of your program
    echo $((($1 - 2) * ($1 - 2) + $2))
}

while true; do
    answer=$(post suggestions "{\"worker\": \"bash-$$\"}")
    code=$(field code)
    case "$code" in
    exhausted | converged | archived) echo "over: $code" && exit 0 ;;
    all_leased | paused) sleep 1 && continue ;;
    ?*) echo "$answer" >&2 && exit 1 ;;
    esac
    number=$(field number)
    value=$(try "$(field x)" "$(field y)")
    post "trials/$number/observation" "{\"value\": $value}" >/dev/null
    echo "trial $number: $value"
done
