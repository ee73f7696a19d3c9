#include "aws/credential_provider.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

// The event is set again however the fetch ends, by cancellation too.
class Busy {
 public:
  explicit Busy(net::Event& idle) : idle_(idle) { idle_.reset(); }
  ~Busy() { idle_.set(); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  net::Event& idle_;
};

}  // namespace

CredentialProvider::CredentialProvider(net::Loop& loop, Fetch fetch, Clock now)
    : idle_(loop), fetch_(std::move(fetch)), now_(std::move(now)) {
  idle_.set();
}

bool CredentialProvider::is_valid() const {
  return kept_ && (!kept_->expires_at || *kept_->expires_at > now_());
}

bool CredentialProvider::is_settled() const {
  return is_valid() && (!kept_->expires_at || renew_at_ > now_());
}

void CredentialProvider::keep(const Credentials& fetched) {
  kept_ = fetched;
  if (!fetched.expires_at) return;
  const milliseconds left = *fetched.expires_at - now_();
  renew_at_ = *fetched.expires_at - std::min<milliseconds>(kRenewedBefore, left / 2);
}

net::Task<Result<Credentials>> CredentialProvider::get() {
  while (!is_settled() && !idle_.is_set()) {
    const std::shared_ptr<std::optional<Result<Credentials>>> awaited = answer_;
    co_await idle_.wait();
    if (*awaited && !**awaited) co_return **awaited;
  }
  if (is_settled()) co_return *kept_;
  const auto answer = std::make_shared<std::optional<Result<Credentials>>>();
  answer_ = answer;
  const Busy busy(idle_);
  Result<Credentials> fetched = co_await fetch();
  *answer = fetched;
  co_return fetched;
}

net::Task<Result<Credentials>> CredentialProvider::fetch() {
  Result<Credentials> fetched = co_await fetch_(freshness_);
  if (fetched && fetched->expires_at && *fetched->expires_at <= now_()) {
    fetched = fail(FailureCode::denied,
                   fmt::format("the credentials have expired, at {}", rfc3339(*fetched->expires_at)));
  }
  if (fetched) {
    keep(*fetched);
    freshness_ = Freshness::kept_will_do;
  } else if (is_valid()) {
    renew_at_ = now_() + kPause;
    co_return *kept_;
  }
  co_return fetched;
}

}  // namespace ferry::aws
