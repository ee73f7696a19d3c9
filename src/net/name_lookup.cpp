#include "net/name_lookup.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace ferry::net {
namespace {

using Endpoint = asio::ip::tcp::endpoint;

// One look-up, as long as either side needs it: the coroutine that waits for it, and the C library.
class Lookup {
 public:
  explicit Lookup(std::string host) : host_(std::move(host)), ended_(::eventfd(0, EFD_CLOEXEC)) {
    hints_.ai_family = AF_UNSPEC;
    hints_.ai_socktype = SOCK_STREAM;
    request_.ar_name = host_.c_str();
    request_.ar_request = &hints_;
  }
  ~Lookup() {
    if (request_.ar_result != nullptr) ::freeaddrinfo(request_.ar_result);
    if (ended_ >= 0) ::close(ended_);
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // False, with errno, where nothing was begun.
  static bool begin(std::shared_ptr<Lookup> lookup);

  // Becomes readable when the look-up has ended; the caller's to close, -1 with errno where there is none.
  [[nodiscard]] int duplicate_end() const { return ::fcntl(ended_, F_DUPFD_CLOEXEC, 0); }

  // Once it has ended.
  [[nodiscard]] Result<std::vector<Endpoint>> result(std::uint16_t port);

 private:
  using Owner = std::shared_ptr<Lookup>;

  // On a thread of the C library's.
  static void end(sigval handed_over) {
    const std::unique_ptr<Owner> owner(static_cast<Owner*>(handed_over.sival_ptr));
    // A counter that is empty takes it.
    static_cast<void>(::eventfd_write((*owner)->ended_, 1));
  }

  std::string host_;
  addrinfo hints_{};
  gaicb request_{};
  int ended_;
};

bool Lookup::begin(std::shared_ptr<Lookup> lookup) {
  if (lookup->ended_ < 0) return false;
  gaicb* request = &lookup->request_;
  auto owner = std::make_unique<Owner>(std::move(lookup));
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = end;
  event.sigev_value.sival_ptr = owner.get();
  const int error = ::getaddrinfo_a(GAI_NOWAIT, &request, 1, &event);
  // Some of its failures are told to end() too, and it does not say which: its owner then stays.
  static_cast<void>(owner.release());  // NOLINT(bugprone-unused-return-value)
  if (error == 0) return true;
  if (error != EAI_SYSTEM) errno = EAGAIN;
  return false;
}

Result<std::vector<Endpoint>> Lookup::result(std::uint16_t port) {
  const int error = ::gai_error(&request_);
  if (error != 0) {
    return fail(FailureCode::unreachable, ::gai_strerror(error),
                "check the host's name and this machine's name service");
  }
  std::vector<Endpoint> endpoints;
  for (const addrinfo* entry = request_.ar_result; entry != nullptr; entry = entry->ai_next) {
    Endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoint.resize(entry->ai_addrlen);
    endpoint.port(port);
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

struct Ending {
  explicit Ending(asio::io_context& context) : done(std::make_shared<WaitList>(context)) {}
  std::shared_ptr<WaitList> done;
  bool is_done = false;
};

}  // namespace

Task<Result<std::vector<Endpoint>>> look_up(Loop& loop, std::string host, std::uint16_t port,
                                            Instant deadline) {
  const auto lookup = std::make_shared<Lookup>(std::move(host));
  if (!Lookup::begin(lookup)) co_return fail(system_failure("the name cannot be looked up", errno));
  asio::posix::stream_descriptor ended(loop.reactor().context);
  error_code error;
  const int end = lookup->duplicate_end();
  ended.assign(end, error);
  if (error && end >= 0) ::close(end);
  if (error) co_return fail(system_failure("the name cannot be looked up", error.value()));
  const auto ending = std::make_shared<Ending>(loop.reactor().context);
  ended.async_wait(asio::posix::descriptor_base::wait_read, [ending](const error_code& given_up) {
    if (given_up) return;
    ending->is_done = true;
    ending->done->wake_all();
  });
  co_await WaitList::wait_until(ending->done, deadline);
  co_await throw_if_cancelled();
  if (!ending->is_done) co_return fail(FailureCode::unreachable, "the name was not looked up in time");
  co_return lookup->result(port);
}

}  // namespace ferry::net
