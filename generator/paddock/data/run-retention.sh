#!/bin/sh
# Deletes finished runs that the tree no longer names: TrainJobs of $SELECTOR in $NAMESPACE that ended more than
# $RETENTION_SECONDS ago and have no ConfigMap of their name. A run whose marker cannot be looked up is kept, and so
# is every run when they cannot be listed. It can be run at any time and any number of times.
set -eu

: "${NAMESPACE:?}" "${SELECTOR:?}" "${RETENTION_SECONDS:?}"

# Per run one line: <name> <type>=<time> of each condition that is true...
format='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.status=="True")]}{" "}{.type}={.lastTransitionTime}{end}{"\n"}{end}'

# Seconds since 1970 of a time such as 2026-08-01T09:30:00Z, in arithmetic alone: `date` has no portable way to read one.
# Days of the proleptic Gregorian calendar, counted from March so that the leap day comes last.
epoch() {
    case $1 in
        [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z) ;;
        *) return 1 ;;
    esac
    rest=${1%Z}
    year=${rest%%-*} rest=${rest#*-}
    month=${rest%%-*} rest=${rest#*-}
    day=${rest%%T*} rest=${rest#*T}
    hour=${rest%%:*} rest=${rest#*:}
    minute=${rest%%:*} second=${rest#*:}
    # A leading zero would make the number octal.
    month=${month#0} day=${day#0} hour=${hour#0} minute=${minute#0} second=${second#0}
    if [ "$month" -le 2 ]; then
        year=$((year - 1)) month=$((month + 12))
    fi
    days=$((365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 719469))
    printf '%s\n' "$((((days * 24 + hour) * 60 + minute) * 60 + second))"
}

# The time at which a run ended, from its conditions; fails for one that has not.
ended() {
    for condition in "$@"; do
        case $condition in
            Complete=* | Failed=*)
                epoch "${condition#*=}"
                return
                ;;
        esac
    done
    return 1
}

now=$(date -u +%s)
runs=$(kubectl get trainjobs.trainer.kubeflow.org --namespace "$NAMESPACE" --selector "$SELECTOR" -o jsonpath="$format")
status=0
while read -r name conditions; do
    # shellcheck disable=SC2086 # one word a condition
    if [ -z "$name" ] || ! end=$(ended $conditions) || [ $((now - end)) -le "$RETENTION_SECONDS" ]; then
        continue
    fi
    # Looked up now, not before: Argo CD may just have put the marker back.
    if ! marker=$(kubectl get configmaps "$name" --namespace "$NAMESPACE" --ignore-not-found -o name </dev/null); then
        printf 'kept, its marker could not be looked up: %s\n' "$name" >&2
        status=1
    elif [ -z "$marker" ]; then
        kubectl delete trainjobs.trainer.kubeflow.org "$name" --namespace "$NAMESPACE" --ignore-not-found --wait=false \
            </dev/null || status=1
    fi
done <<EOF
$runs
EOF
exit "$status"
