#!/bin/sh
# Creates a run from the manifest $MANIFEST, unless the policy $CONCURRENCY_POLICY says otherwise while an earlier run
# of $SELECTOR in $NAMESPACE has not finished: Allow creates one more, Forbid none, Replace deletes the earlier first.
# A CronJob's own policy cannot tell, because its Job ends as soon as the run is created.
set -eu

: "${NAMESPACE:?}" "${SELECTOR:?}" "${MANIFEST:?}" "${CONCURRENCY_POLICY:?}"

# Per run one line: <name> <type of each condition that is true>...
format='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.status=="True")]}{" "}{.type}{end}{"\n"}{end}'

unfinished() {
    while read -r name conditions; do
        case " $conditions " in
            *" Complete "* | *" Failed "*) ;;
            *) [ -z "$name" ] || printf '%s\n' "$name" ;;
        esac
    done <<EOF
$1
EOF
}

if [ "$CONCURRENCY_POLICY" != Allow ]; then
    runs=$(kubectl get trainjobs.trainer.kubeflow.org --namespace "$NAMESPACE" --selector "$SELECTOR" -o jsonpath="$format")
    running=$(unfinished "$runs")
    if [ -n "$running" ] && [ "$CONCURRENCY_POLICY" = Forbid ]; then
        printf 'not created, still going: %s\n' "$running"
        exit 0
    fi
    for name in $running; do
        kubectl delete trainjobs.trainer.kubeflow.org "$name" --namespace "$NAMESPACE" --ignore-not-found
    done
fi
kubectl create --namespace "$NAMESPACE" -f "$MANIFEST"
