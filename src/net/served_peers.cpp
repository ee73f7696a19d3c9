#include "net/served_peers.hpp"

#include <algorithm>
#include <utility>

namespace ferry::net {

ServedPeers::Place ServedPeers::enter(Instant now, std::function<void()> close) {
  return peers_.insert(peers_.end(), Peer{.since = now, .close = std::move(close)});
}

void ServedPeers::leave(Place peer) {
  if (!peer->is_given_up) bytes_ -= peer->bytes;
  peers_.erase(peer);
}

void ServedPeers::keeps(Place peer, std::size_t bytes) {
  if (peer->is_given_up) return;
  peer->bytes += bytes;
  bytes_ += bytes;
  const auto keeps_more = [](const Peer& one, const Peer& other) { return one.bytes > other.bytes; };
  while (bytes_ > max_bytes_ && give_up_first(keeps_more)) {
  }
}

void ServedPeers::answered(Place peer, bool is_granted, Instant now) {
  if (!peer->is_given_up) bytes_ -= peer->bytes;
  peer->bytes = 0;
  peer->since = now;
  peer->is_stranger = peer->is_stranger && !is_granted;
}

bool ServedPeers::give_up_slowest() {
  return give_up_first([](const Peer& one, const Peer& other) { return one.since < other.since; });
}

template <class Order>
bool ServedPeers::give_up_first(Order comes_before) {
  Peer* first = nullptr;
  for (Peer& peer : peers_) {
    if (!peer.is_stranger || peer.is_given_up) continue;
    if (first == nullptr || comes_before(peer, *first)) first = &peer;
  }
  if (first == nullptr) return false;
  first->is_given_up = true;
  bytes_ -= first->bytes;
  first->close();
  return true;
}

}  // namespace ferry::net
