#!/usr/bin/env bash
# The action's main step: one `ferry run` or `ferry exec` from the inputs in FERRY_ACTION_*, its outputs to $GITHUB_OUTPUT.
# Inputs are data throughout: none of them becomes a part of a shell's text on this machine.
set -euo pipefail

fail() {
  echo "::error::$1"
  exit 125
}

# add FLAG VALUE: where the value is not empty.
words=()
add() { if [ -n "$2" ]; then words+=("$1" "$2"); fi; }

state=$(mktemp -d "${RUNNER_TEMP:-/tmp}/ferry-XXXXXXXX")
result="$state/result.json"
started_by=""
words+=("$FERRY_ACTION_MODE")
case "$FERRY_ACTION_MODE" in
run)
  started_by="$FERRY_ACTION_STARTED_BY"
  if [ -z "$started_by" ]; then
    started_by="github-${GITHUB_RUN_ID:-0}-${GITHUB_RUN_ATTEMPT:-0}-${state##*-}"
  fi
  if [ -n "$FERRY_ACTION_TASK_DEFINITION" ]; then words+=("$FERRY_ACTION_TASK_DEFINITION"); fi
  add --like "$FERRY_ACTION_LIKE"
  add --started-by "$started_by"
  ;;
exec)
  [ -n "$FERRY_ACTION_TARGET" ] || fail "exec needs the input 'target'"
  [ -n "$FERRY_ACTION_COMMAND" ] || fail "exec needs the input 'command'"
  words+=("$FERRY_ACTION_TARGET")
  ;;
*) fail "the input 'mode' is '$FERRY_ACTION_MODE', and may be run or exec" ;;
esac
add --cluster "$FERRY_ACTION_CLUSTER"
add --container "$FERRY_ACTION_CONTAINER"
add --region "$FERRY_ACTION_REGION"
add --timeout "$FERRY_ACTION_TIMEOUT"
while IFS= read -r word; do
  if [ -n "$word" ]; then words+=("$word"); fi
done <<<"$FERRY_ACTION_FLAGS"
words+=(--result-file "$result")
if [ -n "$FERRY_ACTION_COMMAND" ]; then words+=(-- /bin/sh -c "$FERRY_ACTION_COMMAND"); fi

# Said before anything is started: the last step needs it where this one is killed. A line break in a value would be an output of
# the caller's making, so what is the caller's goes into files.
printf 'state=%s\n' "$state" >>"$GITHUB_OUTPUT"
printf '%s' "$started_by" >"$state/started-by"
printf '%s' "$FERRY_ACTION_REGION" >"$state/region"
cluster="$FERRY_ACTION_CLUSTER"
if [ -z "$cluster" ] && [[ "$FERRY_ACTION_LIKE" == */* ]]; then cluster="${FERRY_ACTION_LIKE%%/*}"; fi
printf '%s' "$cluster" >"$state/cluster"

# A cancelled job sends SIGINT and then SIGTERM to this shell alone. The first stops the task; a second would leave it.
# It may come before ferry is there.
told=""
passed_on=""
ferry=""
pass_on() {
  if [ -n "$told" ] && [ -n "$ferry" ] && [ -z "$passed_on" ]; then
    passed_on=yes
    kill -TERM "$ferry" 2>/dev/null || true
  fi
}
trap 'told=yes; pass_on' INT TERM HUP
"$FERRY_ACTION_FERRY" "${words[@]}" </dev/null &
ferry=$!
pass_on
status=0
wait "$ferry" || status=$?
while kill -0 "$ferry" 2>/dev/null; do
  status=0
  wait "$ferry" || status=$?
done
touch "$state/ended"

# member NAME: a member of the result, which is one JSON object on one line. A quotation mark inside of its texts is escaped, so the
# pattern fits no text.
member() { sed -n "s/^.*[{,]\"$1\":\"\{0,1\}\([^\",}]*\).*\$/\1/p" "$result" | sed 's/^null$//' | head -n 1; }
if [ -s "$result" ]; then
  # A 0 with another outcome is none of a command that succeeded.
  exit_code=
  if [ "$(member outcome)" = exited ]; then exit_code=$(member exit_code); fi
  {
    printf 'exit-code=%s\n' "$exit_code"
    printf 'outcome=%s\n' "$(member outcome)"
    printf 'task-arn=%s\n' "$(member task)"
    printf 'result-file=%s\n' "$result"
  } >>"$GITHUB_OUTPUT"
fi
if [ "$FERRY_ACTION_FAIL" = false ]; then exit 0; fi
exit "$status"
