#!/usr/bin/env bash
# The action's last step, also of a cancelled job: stops the tasks of a run whose step was killed before ferry could.
set -euo pipefail

state="$FERRY_ACTION_STATE"
if [ -z "$state" ] || [ -e "$state/ended" ] || [ ! -s "$state/started-by" ]; then exit 0; fi

place=()
if [ -s "$state/cluster" ]; then place+=("$(cat "$state/cluster")"); fi
where=()
if [ -s "$state/region" ]; then where+=(--region "$(cat "$state/region")"); fi
tasks=$("$FERRY_ACTION_FERRY" ps "${place[@]}" "${where[@]}" --started-by "$(cat "$state/started-by")" -o json |
  sed -n 's/^.*[{,]"task":"\([^"]*\)".*$/\1/p')
for task in $tasks; do
  "$FERRY_ACTION_FERRY" stop "$task" "${where[@]}" --reason "the job was cancelled" || true
done
