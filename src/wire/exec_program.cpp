// The program that runs in the container: POSIX sh, tried with dash, bash and busybox.
#include "wire/command_line.hpp"
#include "wire/exec_wrapper.hpp"

#include <cassert>

#include <fmt/format.h>

namespace ferry::wire {
namespace {

// Reads the program up to a line with a full stop and evaluates it as one text.
constexpr std::string_view kLoader =
    R"sh(_l=$(printf '\n.');_n=${_l%.};_p=;while IFS= read -r _l&&[ "$_l" != . ];do _p=$_p$_l$_n;done;eval "$_p")sh"
    "\n";

// Variables begin with _ so that they are not those that the command inherits from the container's
// environment. 6 and 9 are the terminal; f prints a frame. What the shell remarks ("Killed") goes nowhere.
constexpr std::string_view kFrames = R"sh(
exec 2>/dev/null 6<&0 9>&1
f() { printf "\036$_n%s\036" "$1" >&9; }
has() { command -v $1 >/dev/null; }
)sh";

constexpr std::string_view kOnTerminal = R"sh(
stty echo opost rows $_rows cols $_columns <&6
[ "$_type" ] && export TERM="$_type"
# We outlive the keys that interrupt the command; the start is announced where the trap no longer holds, so that a
# key pressed from then on reaches the command.
trap : INT QUIT
if [ $_input = 1 ]; then
  (trap - INT QUIT; f +t; exec "$@" 2>&9 6<&- 9>&-)
else
  (trap - INT QUIT; f +t; exec "$@" </dev/null 2>&9 6<&- 9>&-)
fi
printf %s "$_e=$?;"
exit
)sh";

// What the image has. _tier: s (streams apart) or m (merged), b (base64), z (gzip), q (a quiet terminal);
// then what is missing.
constexpr std::string_view kProbe = R"sh(
_tier=s _base64= _gzip= _missing=
if has base64; then
  _base64=b
  [ $_exact = 1 ] && has gzip && _gzip=z
else
  has od || { _tier=m; _missing=,base64; }
fi
has dd || { _tier=m; _missing=$_missing,dd; }
: | (exec 7<>/proc/self/fd/0) || { _tier=m; _missing=$_missing,/proc; }
_told=+$_tier$_base64$_gzip
if [ $_q = r ]; then
  _told=${_told}q
else
  _silence=
  # Input travels as text through the terminal: without stty it would be echoed into the output.
  [ $_input = 1 ] && { f '!stty'; exit; }
fi
_told=$_told:${_missing#,}
)sh";

// C obeys the control lines; its standard output is the command's input. A chunk of input is decoded beside
// it, so that C never waits for a command that does not read. K signals what runs in this session, but our
// own shells (_ours), what they started, and what the shells that encode and decode (below those in _kept)
// started in turn: a killed one would lose what it holds.
constexpr std::string_view kControl = R"sh(
lock() { :; }
unlock() { :; }
answer() { lock; f $1; unlock; }
ours() { read -r _l _m </proc/self/stat && _ours="$_ours $_l"; }
K() {
  read -r _l </proc/$$/stat || { kill -$1 0; return; }
  set -- $1 ${_l##*) }
  _session=$5
  for _j in /proc/[0-9]*; do
    read -r _l <$_j/stat || continue
    set -- $1 ${_l##*) }
    [ $5 = $_session ] || continue
    case "$_ours " in *" ${_j#/proc/} "* | *" $3 "*) continue ;; esac
    read -r _l </proc/$3/stat && set -- $1 ${_l##*) }
    case "$_kept " in *" $3 "*) continue ;; esac
    kill -$1 ${_j#/proc/}
  done
}
lines() {
  if [ $_base64 ] && has head; then head -n $1 <&6; return; fi
  _j=$1
  while [ $_j -gt 0 ]; do read -r _l <&6; printf %s "$_l"; _j=$((_j-1)); done
}
feed() {
  trap '' PIPE
  if [ $_base64 ]; then printf %s "$_d" | base64 -d; else printf "$_d"; fi
  case $? in 0) answer c ;; 1) answer x ;; *) answer '!' ;; esac
}
# Ends the session of a client that shows no life: at last also our own shells, but this one, which outlives the
# session's first process.
guard() {
  trap 'kill $!; exit' TERM
  trap '' HUP
  sleep $_silence &
  wait $!
  K TERM
  sleep 5
  _ours= _kept=
  ours
  K KILL
}
arm() {
  [ $_g ] && kill $_g
  [ $_silence ] && { (exec >/dev/null 6<&- 7<&- 9>&-; guard) & _g=$!; }
}
C() {
  ours
  _kept="$_kept $_l" _g=
  arm
  while read -r _a _d <&6; do
    case $_a in
    i) _d=$(lines $_d); feed & ;;
    .) exec >/dev/null ;;
    p) answer p ;;
    k) K $_d ;;
    w) arm ;;
    q) _silence=; arm; break ;;
    esac
  done
}
)sh";

// The end marker, without an RS so that text stays text, follows what the command wrote in the same pipe, and
// waits for none of its children. exec, in a subshell: a word that a shell knows (`exit`) is a program's name
// here too.
constexpr std::string_view kRun = R"sh(
mark() { printf %s "$_e=$_r;"; }
_from= _kept=
[ $_input = 1 ] || _from='</dev/null'
run() { eval '(exec "$@" '"$_from) $_to"; _r=$?; }
)sh";

// Images that lack what it takes: one pipe for both streams, through cat so that the command sees no
// terminal.
constexpr std::string_view kMerged = R"sh(
merged() {
  ours
  _to='2>&1 6<&- 9>&-'
  run "$@"
  mark
}
if [ $_tier = m ]; then
  _ours=" $$"
  f "$_told"
  if has cat; then C | merged "$@" | cat; else C | merged "$@"; fi
  exit
fi
)sh";

// E reads a pipe in pieces, as they come, and prints each under the lock (7, a pipe with one line in it).
constexpr std::string_view kEncoder = R"sh(
lock() { read -r _l <&7; }
unlock() { echo >&7; }
tell() { lock; f "$1"; unlock; }
piece() {
  if [ $_packed ]; then
    dd bs=65536 count=1 | gzip -c | base64
  elif [ $_base64 ]; then
    dd bs=65536 count=1 | base64
  else
    dd bs=4096 count=1 | od -An -v -to1
  fi
}
coded() {
  if [ $_packed ]; then
    tell "$1z$(printf %s "$_d" | base64 -d | gzip -c | base64)"
  elif [ $_base64 ]; then
    tell "$1b$_d"
  else
    tell "$1x$_d"
  fi
}
# The pipe has no end while we live: an empty piece is a tool that failed, and what it held is lost.
# Behind a large piece the next one is packed as it is read; a small one, also that of the pipe's end, goes back to
# the plain way.
E() {
  trap '' INT TERM HUP QUIT
  LC_ALL=C
  _packed=
  while
    _d=$(exec 7<&- 9>&-; piece)
    [ "$_d" ]
  do
    if [ $_packed ]; then
      [ ${#_d} -gt 400 ] || _packed=
      tell "$1z$_d"
    else
      [ $_gzip ] && [ ${#_d} -gt 4000 ] && _packed=1
      show $1
    fi
  done
  tell '!'
}
)sh";

constexpr std::string_view kShowExact = R"sh(
show() { coded $1; }
)sh";

// Ordinary output stands as it is between the frames, ordinary errors stand as they are in theirs. A piece is
// ordinary if it comes through a shell variable unchanged and has nothing that an agent damages: U+FFFD, also
// cut at the piece's end. RS is left to the frames.
constexpr std::string_view kShowPlain = R"sh(
_fffd=$(printf '\357\277\275') _ef=$(printf '\357') _efbf=$(printf '\357\277') _rs=$(printf '\036')
text() {
  if [ $_base64 ]; then
    _t=$(printf %s "$_d" | base64 -d; printf x)
    _t=${_t%x}
    # The length that base64 tells, in lines of 76 characters: the shell drops NUL.
    _j=$(((${#_d}-${#_d}/77)/4*3))
    case $_d in *==) _j=$((_j-2)) ;; *=) _j=$((_j-1)) ;; esac
    [ ${#_t} = $_j ] || return 1
  else
    case $_d in *' 000'*) return 1 ;; esac
    _t=$(printf "$(printf '\\%s' $_d)"; printf x)
    _t=${_t%x}
  fi
  case $_t in *"$_fffd"* | *"$_rs"* | *"$_ef" | *"$_efbf") return 1 ;; esac
}
show() {
  if ! text; then
    coded $1
  elif [ $1 = o ]; then
    lock; printf %s "$_t" >&9; unlock
  else
    tell "et$_t"
  fi
}
)sh";

// Three pipes of our own, without a file system to make them in: 3 to 4 is the command's output, 5 to 8 its
// errors, 7 the lock. The result's arrival (q) ends what still waits for the end of a pipe.
constexpr std::string_view kApart = R"sh(
apart() {
  ours
  _to='>&3 2>&5 3>&- 4<&- 5>&- 6<&- 7<&- 8<&- 9>&-'
  run "$@"
  mark >&3
  mark >&5
}
: | { ours; exec 3>/proc/self/fd/0 4<&0
  : | { ours; exec 5>/proc/self/fd/0 8<&0
    : | { ours; exec 7<>/proc/self/fd/0 0<&6
      unlock
      f "$_told"
      (exec <&4 3>&- 4<&- 5>&- 6<&- 8<&-; E o) & _o=$!
      (exec <&8 3>&- 4<&- 5>&- 6<&- 8<&-; E e) & _kept=" $_o $!" _ours="$_ours $$ $_o $!"
      (exec 3>&- 4<&- 5>&- 8<&-; C) | apart "$@"
      kill -9 $_o $!
    }
  }
}
exit
)sh";

// Without what is for the reader of this file: comment lines and indentation.
void append_script(std::string& program, std::string_view script) {
  for (std::string_view line : split(script, '\n')) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    program += line;
    program += '\n';
  }
}

}  // namespace

std::string exec_program(const ExecPlan& plan) {
  assert(plan.nonce.size() == 32);
  std::string program(kLoader);
  program +=
      fmt::format("_n={} _e={} _exact={:d} _input={:d} _silence={}\n", plan.nonce.substr(0, 16),
                  plan.nonce.substr(16), plan.exact, plan.has_input,
                  plan.longest_silence.count() > 0 ? fmt::format("{}", plan.longest_silence.count()) : "");
  append_script(program, kFrames);
  if (plan.terminal) {
    program += fmt::format("_rows={} _columns={} _type={}\n", plan.terminal->rows, plan.terminal->columns,
                           quote_word(plan.terminal->type));
    append_script(program, kOnTerminal);
  } else {
    append_script(program, kProbe);
    append_script(program, kControl);
    append_script(program, kRun);
    append_script(program, kMerged);
    append_script(program, kEncoder);
    append_script(program, plan.exact ? kShowExact : kShowPlain);
    append_script(program, kApart);
  }
  program += ".\n";
  return program;
}

}  // namespace ferry::wire
