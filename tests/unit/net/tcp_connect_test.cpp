#include "net/tcp_connect.hpp"

#include "run.hpp"

#include <sys/socket.h>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

namespace ferry::net {
namespace {

using asio::ip::tcp;
using testing::HasSubstr;

tcp::endpoint endpoint(const std::string& address) {
  return {asio::ip::make_address(address), 443};
}

TEST(HappyEyeballs, TheFamiliesTakeTurnsBeginningWithThePreferredOne) {
  const Endpoints mixed{endpoint("2001:db8::1"), endpoint("2001:db8::2"), endpoint("2001:db8::3"),
                        endpoint("192.0.2.1")};
  EXPECT_EQ(in_turns(mixed), (Endpoints{endpoint("2001:db8::1"), endpoint("192.0.2.1"),
                                        endpoint("2001:db8::2"), endpoint("2001:db8::3")}));
  const Endpoints other{endpoint("192.0.2.1"), endpoint("192.0.2.2"), endpoint("2001:db8::1")};
  EXPECT_EQ(in_turns(other),
            (Endpoints{endpoint("192.0.2.1"), endpoint("2001:db8::1"), endpoint("192.0.2.2")}));
  EXPECT_TRUE(in_turns({}).empty());
}

class Listener {
 public:
  explicit Listener(Loop& loop) : acceptor_(loop.reactor().context, {asio::ip::address_v4::loopback(), 0}) {}
  [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  tcp::acceptor acceptor_;
};

// An address where a connection attempt gets no answer at all: a listener whose queue is full.
class BlackHole {
 public:
  explicit BlackHole(Loop& loop) : acceptor_(loop.reactor().context) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    // How many a queue of length 0 takes is the system's secret: more of them than it can.
    for (int i = 0; i < 4; ++i) {
      filling_.emplace_back(loop.reactor().context, tcp::v4());
      filling_.back().native_non_blocking(true);
      const tcp::endpoint here = acceptor_.local_endpoint();
      ::connect(filling_.back().native_handle(), here.data(), static_cast<socklen_t>(here.size()));
    }
  }
  [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  tcp::acceptor acceptor_;
  std::vector<tcp::socket> filling_;
};

tcp::endpoint refusing(Loop& loop) {
  return Listener(loop).endpoint();
}

// Connects within the time, or the failure's text.
Task<std::string> reached(Loop& loop, Endpoints endpoints, milliseconds limit) {
  Result<tcp::socket> socket = co_await connect_to_any(loop, std::move(endpoints), steady_now() + limit);
  if (!socket) co_return socket.error().what;
  co_return std::to_string(socket->remote_endpoint().port());
}

TEST(HappyEyeballs, AnAddressThatRefusesCostsNothing) {
  run([](Loop& loop) -> Task<> {
    const Listener listener(loop);
    const Instant begun = steady_now();
    const std::string port = co_await reached(loop, {refusing(loop), listener.endpoint()}, seconds{10});
    EXPECT_EQ(port, std::to_string(listener.endpoint().port()));
    EXPECT_LT(steady_now() - begun, kHeadStart) << "the next one had not to wait";
  });
}

TEST(HappyEyeballs, AnAddressThatSwallowsEverythingCostsAHeadStart) {
  run([](Loop& loop) -> Task<> {
    const BlackHole hole(loop);
    const Listener listener(loop);
    const Instant begun = steady_now();
    const std::string port = co_await reached(loop, {hole.endpoint(), listener.endpoint()}, seconds{10});
    EXPECT_EQ(port, std::to_string(listener.endpoint().port()));
    EXPECT_GE(steady_now() - begun, kHeadStart);
    EXPECT_LT(steady_now() - begun, seconds{5});
  });
}

TEST(HappyEyeballs, WhereAllRefuseThatIsSaidAtOnce) {
  run([](Loop& loop) -> Task<> {
    const std::string outcome = co_await reached(loop, {refusing(loop), refusing(loop)}, seconds{60});
    EXPECT_EQ(outcome, "Connection refused");
  });
}

TEST(HappyEyeballs, TheDeadlineEndsIt) {
  run([](Loop& loop) -> Task<> {
    const BlackHole hole(loop);
    const Instant begun = steady_now();
    const std::string outcome =
        co_await reached(loop, {hole.endpoint(), refusing(loop), hole.endpoint()}, milliseconds{400});
    EXPECT_EQ(outcome, "Connection timed out");
    EXPECT_LT(steady_now() - begun, seconds{5});
  });
}

}  // namespace
}  // namespace ferry::net
