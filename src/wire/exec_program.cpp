// The program that runs in the container: POSIX sh, tried with dash, bash and busybox.
#include "wire/command_line.hpp"
#include "wire/exec_wrapper.hpp"

#include <cassert>

#include <fmt/format.h>

namespace ferry::wire {
namespace {

// Takes the numbered lines in their order, each once however often it comes, up to a full stop, and evaluates
// them as one text. What comes twice is passed over, this line too: it has no number.
constexpr std::string_view kLoader =
    R"sh(_l=$(printf '\n.');_n=${_l%.};_p=;_x=1;while read -r _i _l;do [ "$_i" = $_x ]||continue;)sh"
    R"sh(_x=$((_x+1));[ "$_l" = . ]&&eval "$_p";_p=$_p$_l$_n;done)sh";

// Variables begin with _ so that they are not those that the command inherits from the container's
// environment. 6 and 9 are the terminal; f prints a frame. What the shell remarks ("Killed") goes nowhere.
constexpr std::string_view kFrames = R"sh(
exec 2>/dev/null 6<&0 9>&1
f() { printf "\036$_n%s\036" "$1" >&9; }
has() { command -v $1 >/dev/null; }
)sh";

// What an agent delivers twice of this program must not be typed into the command: an empty line ends it,
// which is all that may still come twice.
constexpr std::string_view kOnTerminal = R"sh(
while read -r _l <&6 && [ "$_l" ]; do :; done
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

// What the image has. _tier: s (streams apart) or m (merged), b (base64), z (gzip), w (a window of chunks),
// q (a quiet terminal); then what is missing.
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
[ $_tier$_input = s1 ] && _told=${_told}w
if [ $_q = r ]; then
  _told=${_told}q
else
  _silence=
  # Input travels as text through the terminal: without stty it would be echoed into the output.
  [ $_input = 1 ] && { f '!stty'; exit; }
fi
_told=$_told:${_missing#,}
)sh";

// C obeys the control lines; its standard output is the command's input. K signals what runs in this session,
// but our own shells (_ours), what they started, and what the shells that encode and decode (below those in
// _kept) started in turn: a killed one would lose what it holds.
constexpr std::string_view kControl = R"sh(
lock() { :; }
unlock() { :; }
answer() { lock; f $1; unlock; }
ours() { read -r _l _j </proc/self/stat && _ours="$_ours $_l"; }
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
# One of our own shells that ends before its time, for want of processes or memory, says so: what it held is lost.
early() { trap "printf '\\036$_n!\\036' >&9" EXIT; }
in_time() { trap - EXIT; }
# Each line has a number; _x is the next one's. A line that comes again is passed over, but what we have is said
# again; where one is missing it is asked for, once, and nothing behind it is taken.
again() { [ "$_asked" = $_x ] || { _asked=$_x; answer n$_x >/dev/null & }; }
is_late() {
  _l=${1%%:*}
  case $_l in '' | *[!0-9]*) return 1 ;; esac
  [ $_l -ge $_x ]
}
next() {
  [ "$1" = $_x ] && { _x=$((_x+1)); return; }
  if is_late "$1"; then
    again
  elif [ "$_l" = "$1" ]; then
    answer r$_x >/dev/null &
  fi
  return 1
}
lines() {
  has head && { head -n $1 <&6; return; }
  _j=$1
  while [ $_j -gt 0 ] && read -r _l <&6; do printf '%s\n' "$_l"; _j=$((_j-1)); done
}
# A chunk is taken whole or not at all: each of its lines in its place, and a text of the length that decodes to so
# many bytes.
chunk() {
  _h=$_x _a=${_a#i} _d= _c=0
  _w=${_a%,*} _s=${_a#*,}
  while [ $_w -gt 0 ]; do
    _t=$(lines $_w)
    [ "$_t" ] || { _w=-1; break; }
    _d="$_d $_t"
    for _l in $_t; do
      case $_l in
      $_x:*) _c=$((_c+${#_l}-${#_x}-1)) _x=$((_x+1)) _w=$((_w-1)) ;;
      *) is_late "$_l" && _w=-1 ;;
      esac
    done
  done
  if [ $_base64 ]; then _s=$(((_s+2)/3*4)); else _s=$((_s*4)); fi
  [ $_w,$_c = 0,$_s ] || { _x=$((_h-1)) _asked=; again; return 1; }
  set -- $_ring
  feed $1 $2 &
  _ring="$2 $3 $1"
}
encoded() {
  for _l in $_d; do
    case $_l in $_h:*) _h=$((_h+1)); printf %s "${_l#*:}" ;; esac
  done
}
decoded() { if [ $_base64 ]; then encoded | base64 -d; else (printf "$(encoded)"); fi; }
# Writes a chunk beside C, so that C never waits for a command that does not read; behind the chunk before it, whose
# writer passes a line on through the ring's pipe $1. Only a broken pipe means that nobody reads: where that signal
# is ignored a decoder that works elsewhere shows it.
feed() {
  early
  [ $1 ] && read -r _l <&$1
  decoded
  _j=$?
  [ $1 ] && echo >&$2
  [ $_j = 1 ] && decoded >/dev/null && _j=141
  case $_j in 0) answer c ;; 141) answer x ;; *) answer '!' ;; esac
  in_time
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
  LC_ALL=C
  early
  ours
  _kept="$_kept $_l" _g= _asked=
  arm
  while read -r _i _a <&6; do
    [ "$_i" = w ] && { arm; continue; }
    next "$_i" || continue
    case $_a in
    i*) chunk || continue; arm ;;
    .) exec >/dev/null ;;
    k*) K ${_a#k} ;;
    q) _silence=; arm; break ;;
    esac
    answer r$_x >/dev/null &
  done
  in_time
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
// cut at the piece's end. RS is left to the frames. Where the terminal echoes (there was no stty), nothing is
// ordinary: what an agent writes a second time is shown among it, and must not pass for output.
constexpr std::string_view kShowPlain = R"sh(
_fffd=$(printf '\357\277\275') _ef=$(printf '\357') _efbf=$(printf '\357\277') _rs=$(printf '\036')
text() {
  [ $_q = r ] || return 1
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
// Where there is input, three more make the ring that keeps its chunks in order: 4, 8, and 0, which C has as
// 3 because what runs beside it has no standard input.
constexpr std::string_view kApart = R"sh(
apart() {
  ours
  _to='>&3 2>&5 3>&- 4<&- 5>&- 6<&- 7<&- 8<&- 9>&-'
  run "$@"
  mark >&3
  mark >&5
}
both() {
  (exec 3<&0 5>&-; C) | apart "$@"
  kill -9 $_o $_err
}
ring() {
  : | { ours; exec 4<>/proc/self/fd/0
    : | { ours; exec 8<>/proc/self/fd/0
      : | { ours; exec 0<>/proc/self/fd/0
        echo >&0
        _ring='3 4 8'
        both "$@"
      }
    }
  }
}
: | { ours; exec 3>/proc/self/fd/0 4<&0
  : | { ours; exec 5>/proc/self/fd/0 8<&0
    : | { ours; exec 7<>/proc/self/fd/0 0<&6
      unlock
      f "$_told"
      (exec <&4 3>&- 4<&- 5>&- 6<&- 8<&-; E o) & _o=$!
      (exec <&8 3>&- 4<&- 5>&- 6<&- 8<&-; E e) & _err=$! _kept=" $_o $!" _ours="$_ours $$ $_o $!"
      exec 4<&- 8<&-
      if [ $_input = 1 ]; then ring "$@"; else both "$@"; fi
    }
  }
}
exit
)sh";

// Without what is for the reader of this file: comment lines and indentation.
void append_script(std::vector<std::string>& program, std::string_view script) {
  for (std::string_view line : split(script, '\n')) {
    line = trim(line);
    if (!line.empty() && !line.starts_with('#')) program.emplace_back(line);
  }
}

}  // namespace

ExecProgram exec_program(const ExecPlan& plan) {
  assert(plan.nonce.size() == 32);
  ExecProgram program{.loader = std::string(kLoader), .lines = {}};
  std::vector<std::string>& lines = program.lines;
  lines.push_back(
      fmt::format("_n={} _e={} _exact={:d} _input={:d} _silence={} _ring=", plan.nonce.substr(0, 16),
                  plan.nonce.substr(16), plan.exact, plan.has_input,
                  plan.longest_silence.count() > 0 ? fmt::format("{}", plan.longest_silence.count()) : ""));
  append_script(lines, kFrames);
  if (plan.terminal) {
    lines.push_back(fmt::format("_rows={} _columns={} _type={}", plan.terminal->rows, plan.terminal->columns,
                                quote_word(plan.terminal->type)));
    append_script(lines, kOnTerminal);
  } else {
    append_script(lines, kProbe);
    append_script(lines, kControl);
    append_script(lines, kRun);
    append_script(lines, kMerged);
    append_script(lines, kEncoder);
    append_script(lines, plan.exact ? kShowExact : kShowPlain);
    append_script(lines, kApart);
  }
  lines.emplace_back(".");
  return program;
}

}  // namespace ferry::wire
