// Signed calls of AWS operations: JSON in, JSON out (the query protocol of STS, IAM and EC2 and its XML are
// turned into the same).
// Owns its connections; bounded by CallLimits. The loop's thread only.
#pragma once

#include "aws/retry.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "net/http_client.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"

#include <memory>
#include <string>

#include <boost/json/object.hpp>

namespace ferry::aws {

class Client {
 public:
  // Fails where the certificate authorities cannot be read or an endpoint is no URL.
  static Result<std::unique_ptr<Client>> make(net::Loop& loop, Settings settings, CallLimits limits = {},
                                              net::HttpClientLimits http_limits = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `operation` as the service's model spells it ("RunTask"). A service's refusal is a Failure whose
  // service_code is the error's name as sent (without namespace prefix) and whose `what` reads
  // "NAME: message (ecs RunTask)". Operations that are not idempotent (RunTask and CreateService without
  // clientToken, ExecuteCommand, ...) are tried again only when the request certainly did not reach the
  // service or was throttled. An answer in which a member that ferry reads is of a wrong type is a `protocol`
  // failure (answer_shapes.hpp).
  // Once `called_off`, which outlives the call, is set, no attempt is sent any more: what is not under way
  // then ends at once, `cancelled` where nothing was sent, else with the failure of an earlier attempt that
  // the service may have acted upon. One that is under way goes on.
  net::Task<Result<boost::json::object>> call(Service service, std::string operation,
                                              boost::json::object input, net::Event* called_off = nullptr);
  // The same with the answer as it came, whatever its members are.
  net::Task<Result<boost::json::object>> call_unchecked(Service service, std::string operation,
                                                        boost::json::object input,
                                                        net::Event* called_off = nullptr);

  // Those that the next call is signed with, fetched where they are not there yet.
  net::Task<Result<Credentials>> credentials();
  // A service has called them expired: the next ones come from their source itself. False where that has no
  // others.
  bool forget_credentials();
  // The time by the services' clock, as far as it is known: what signatures name.
  [[nodiscard]] WallTime time() const;

  [[nodiscard]] const Settings& settings() const;
  [[nodiscard]] net::Loop& loop() const;
  // What wss connections go by: the same authorities and proxies as the calls.
  [[nodiscard]] const net::Network& network() const;

 private:
  struct State;
  struct Call;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ferry::aws
