#include "feature/run/holder.hpp"

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// $1: the mark; $2, $3: the limits in seconds; $4 to $6: the exit codes. A session's command line has the
// mark behind "#"; our own has it behind a blank, so that it is not taken for one. Only /proc's first line is
// read: the mark stands in front of the user's words. `sleep` runs beside us, since a trap waits for what
// runs in front.
constexpr std::string_view kScript = R"sh(
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
trap 'exit 143' TERM INT HUP
command -v sleep >/dev/null || { echo "ferry: this image has no sleep, which --attach needs"; exit $6; }
exec 2>/dev/null
n=0 e=
inside() {
  for p in /proc/[0-9]*/cmdline; do
    l=
    read -r l <$p
    case $l in *"#$1"*) return 0 ;; esac
  done
  return 1
}
while :; do
  if inside $1; then
    e=1 n=0
  elif [ $e ]; then
    [ $n -lt $3 ] || { echo "ferry: nobody is in this task any more: it ends"; exit $5; }
  else
    [ $n -lt $2 ] || { echo "ferry: nobody entered this task within $2 s: it ends"; exit $4; }
  fi
  n=$((n+1))
  sleep 1 &
  wait $!
done
)sh";

}  // namespace

std::vector<std::string> holder_command(std::string_view mark, HolderLimits limits) {
  const auto text = [](auto number) { return fmt::format("{}", number); };
  return {"sh",
          "-c",
          std::string(kScript),
          "ferry-holder",
          std::string(mark),
          text(limits.until_entered.count()),
          text(limits.after_session.count()),
          text(kHolderNeverEntered),
          text(kHolderAbandoned),
          text(kHolderHasNoSleep)};
}

}  // namespace ferry::feature
