// Credentials for as long as they are needed: fetched once, kept in memory, fetched anew before they expire.
// One fetch at a time, shared by all who ask. The loop's thread only.
#pragma once

#include "aws/credential_source.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "net/loop.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace ferry::aws {

class CredentialProvider {
 public:
  using Fetch = std::function<net::Task<Result<Credentials>>(Freshness)>;
  using Clock = std::function<WallTime()>;

  // Before their end by so much (botocore's number), or by half of the time that they had left when they came
  // if that is less, new ones are fetched. Where that fails it is tried again after a while, and the old ones
  // do until they end.
  static constexpr std::chrono::minutes kRenewedBefore{15};
  static constexpr std::chrono::minutes kPause{1};

  CredentialProvider(net::Loop& loop, Fetch fetch, Clock now);

  // Fails where there are none, or those that were fetched have expired already. A fetch that fails fails for
  // all who waited for it; who asks afterwards begins another.
  net::Task<Result<Credentials>> get();
  // A service has called them expired: the next get() fetches new ones, from their source itself.
  void forget() {
    kept_.reset();
    freshness_ = Freshness::anew;
  }

 private:
  [[nodiscard]] bool is_valid() const;
  [[nodiscard]] bool is_settled() const;
  void keep(const Credentials& fetched);
  net::Task<Result<Credentials>> fetch();

  net::Event idle_;  // no fetch is under way
  // Of the fetch that is under way, for those who wait for it; it has none where it was cancelled.
  std::shared_ptr<std::optional<Result<Credentials>>> answer_;
  Fetch fetch_;
  Clock now_;
  std::optional<Credentials> kept_;
  Freshness freshness_ = Freshness::kept_will_do;
  WallTime renew_at_;  // of those that end
};

}  // namespace ferry::aws
