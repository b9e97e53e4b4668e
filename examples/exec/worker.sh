#!/bin/sh
# Performs jobs for `sancho work --exec ./worker.sh`: one job, then it ends.
#
# The payload is one line of JSON. A shell has no reader of JSON: it takes from the environment what it can, and hands
# the payload to a program that has one where it needs the arguments.
set -eu

IFS= read -r payload

case "$SANCHO_CLASS" in
Greet)
    printf 'a job came to %s, as %s, try %s\n' "$SANCHO_QUEUE" "$SANCHO_JID" "$SANCHO_ATTEMPT"
    ;;
Save)
    # The payload, byte for byte.
    printf '%s\n' "$payload" >"saved-$SANCHO_JID"
    ;;
Flaky)
    # The first try fails: what stands on standard error last is the failure's message.
    if [ "$SANCHO_ATTEMPT" -eq 1 ]; then
        echo 'the mail server is busy' >&2
        exit 1
    fi
    ;;
Obsolete)
    # Nothing to do any more: drop the job.
    exit 65
    ;;
Later)
    # Not now: again in two hours.
    echo 2h
    exit 75
    ;;
*)
    echo "nobody taught this worker to perform $SANCHO_CLASS" >&2
    exit 1
    ;;
esac
