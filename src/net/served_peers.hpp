// Who is connected to a server, to choose whom it gives up when places or memory run short: strangers, who
// were granted nothing yet, before anybody else. Pure, but for the `close` that it calls. Not thread-safe.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <functional>
#include <list>

namespace ferry::net {

class ServedPeers {
  struct Peer {
    Instant since;  // it has been at what it has not finished
    std::size_t bytes = 0;
    bool is_stranger = true;
    bool is_given_up = false;
    std::function<void()> close;
  };

 public:
  using Place = std::list<Peer>::iterator;

  explicit ServedPeers(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // `close` ends its connection, and may be called until it leaves.
  Place enter(Instant now, std::function<void()> close);
  void leave(Place peer);
  // So many bytes more of its request are kept. Strangers that keep most are given up where that is too much
  // for all together; who was granted something is not, and counts.
  void keeps(Place peer, std::size_t bytes);
  // Its request was answered, and is not kept any more.
  void answered(Place peer, bool is_granted, Instant now);

  [[nodiscard]] std::size_t count() const { return peers_.size(); }
  // The stranger that has been at it for longest; false where there is none.
  bool give_up_slowest();

 private:
  template <class Order>
  bool give_up_first(Order comes_before);

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;  // of those that are not given up
  std::list<Peer> peers_;
};

}  // namespace ferry::net
