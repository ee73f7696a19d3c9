#include "local/endpoint.hpp"

#include "base/version.hpp"
#include "local/api/cluster_operations.hpp"
#include "local/api/dispatch.hpp"
#include "local/api/execute_command.hpp"
#include "local/api/input.hpp"
#include "local/api/kms_operations.hpp"
#include "local/api/logs_operations.hpp"
#include "local/api/run_task.hpp"
#include "local/api/service_operations.hpp"
#include "local/api/ssm_operations.hpp"
#include "local/api/sts_operations.hpp"
#include "local/api/task_definition_operations.hpp"
#include "local/api/task_operations.hpp"
#include "local/door/data_folder.hpp"
#include "local/door/endpoint_record.hpp"
#include "local/door/faults.hpp"
#include "local/door/front.hpp"
#include "local/keys/key_service.hpp"
#include "local/store/database.hpp"
#include "local/store/documents.hpp"
#include "local/store/log_store.hpp"
#include "local/tasks/service_scheduler.hpp"
#include "local/tasks/task_engine.hpp"
#include "net/http_server.hpp"

#include <csignal>
#include <memory>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

// What is kept from run to run, or the same in memory.
struct Store {
  std::optional<DataFolder> folder;
  AccessKey key;
  std::unique_ptr<Database> database;
};

Result<Store> open_store(const std::string& data) {
  Store store;
  std::string path = ":memory:";
  if (data.empty()) {
    store.key = new_access_key();
  } else {
    auto folder = DataFolder::open(data);
    if (!folder) return fail(std::move(folder.error()));
    auto key = folder->load_or_make_key();
    if (!key) return fail(std::move(key.error()));
    path = folder->database_path();
    store.folder = std::move(*folder);
    store.key = std::move(*key);
  }
  auto database = Database::open(path);
  if (!database) return fail(std::move(database.error()));
  store.database = std::move(*database);
  return store;
}

// The region is part of every ARN that is stored: the one of the first start stays.
std::string settled_region(Documents& documents, const std::string& wanted) {
  constexpr std::string_view kKind = "endpoint";
  constexpr std::string_view kKey = "settings";
  if (const auto settings = documents.get(kKind, kKey)) return text_of(*settings, "region");
  documents.put(kKind, kKey, json::object{{"region", wanted}});
  return wanted;
}

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1";
}

// How the endpoint's own machine reaches what listens on `host`.
std::string authority_of(std::string_view host, std::uint16_t port) {
  if (host == "0.0.0.0") return fmt::format("127.0.0.1:{}", port);
  if (host == "::") return fmt::format("[::1]:{}", port);
  if (host.find(':') != std::string_view::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

// Everything behind the door, in the order in which one part needs another.
class Endpoint {
 public:
  Endpoint(net::Loop& loop, const EndpointSettings& settings, Store store,
           std::unique_ptr<ContainerRuntime> runtime, std::uint16_t port, Notice on_notice)
      : store_(std::move(store)),
        documents_(*store_.database),
        logs_(*store_.database),
        region_(settled_region(documents_, settings.region)),
        authority_(authority_of(settings.host, port)),
        port_(port),
        runtime_(std::move(runtime)),
        keys_(store_.key.secret, region_),
        sessions_(loop, settings.session_limits,
                  SessionMeans{.logs = &logs_,
                               .keys = &keys_,
                               .notice = std::move(on_notice),
                               .cut_after = [this] { return faults_.decide_cut(); }}),
        engine_(loop, documents_, logs_, *runtime_, sessions_, faults_.fates()),
        scheduler_(loop, documents_, engine_),
        stop_(loop),
        front_(loop,
               Guard(store_.key, port, !is_loopback(settings.host),
                     {.region = region_, .is_required = settings.requires_signed_channels}),
               faults_, dispatcher_, sessions_,
               Controls{.health = [this] { return health(); },
                        .reset = [this] { return reset(); },
                        .shut_down = [this] { stop_.set(); }}) {
    add_operations();
  }

  void start() {
    ensure_default_cluster(documents_, region_);
    engine_.recover();
    scheduler_.start();
  }

  net::Task<> finish() {
    co_await front_.close();
    co_await scheduler_.shut_down();
    co_await engine_.shut_down();
    co_await sessions_.shut_down();
  }

  [[nodiscard]] EndpointRecord record() const {
    EndpointRecord record;
    record.port = port_;
    record.url = url();
    record.region = region_;
    record.data = store_.folder ? store_.folder->path() : std::string();
    record.key = store_.key;
    record.process_id = ::getpid();
    record.process_start = process_start(record.process_id);
    return record;
  }

  [[nodiscard]] std::string url() const { return "http://" + authority_; }
  [[nodiscard]] const std::string& region() const { return region_; }
  net::Event& stop_wanted() { return stop_; }
  net::Task<net::HttpAnswer> handle(net::HttpRequest request) { return front_.handle(std::move(request)); }
  [[nodiscard]] std::optional<net::HttpResponse> refuse_head(const net::HttpRequest& head) const {
    return front_.refuse_head(head);
  }

 private:
  void add_operations() {
    const std::string stream_base = "ws://" + authority_;
    dispatcher_.add("ecs", cluster_operations(documents_, region_));
    dispatcher_.add("ecs", task_definition_operations(documents_, region_));
    dispatcher_.add("ecs", run_task_operations(documents_, engine_, [this](std::string_view capacity) {
                      return run_failure(capacity);
                    }));
    dispatcher_.add("ecs", task_operations(documents_, engine_, region_,
                                           [this](milliseconds age) { return faults_.decide_missing(age); }));
    dispatcher_.add("ecs", service_operations(documents_, scheduler_, region_));
    dispatcher_.add("ecs", execute_command_operations(documents_, sessions_, region_, stream_base));
    dispatcher_.add("logs", logs_operations(logs_, region_));
    dispatcher_.add("logs",
                    logs_reading_operations(logs_, region_, [this] { return faults_.decide_repeated(); }));
    dispatcher_.add("ssm", ssm_operations(sessions_, stream_base));
    dispatcher_.add("kms", kms_operations(keys_));
    dispatcher_.add("sts", sts_operations(store_.key.secret));
  }

  std::optional<json::object> run_failure(std::string_view capacity) {
    const auto fault = faults_.decide_run(capacity);
    if (!fault) return std::nullopt;
    json::object failure{{"reason", fault->reason}};
    if (!fault->detail.empty()) failure["detail"] = fault->detail;
    return failure;
  }

  [[nodiscard]] json::object health() const {
    return json::object{{"status", "ok"},
                        {"version", kVersion},
                        {"url", url()},
                        {"region", region_},
                        {"data", store_.folder ? store_.folder->path() : std::string()},
                        {"process_id", static_cast<std::int64_t>(::getpid())}};
  }

  net::Task<> reset() {
    co_await scheduler_.pause();
    co_await engine_.stop_all();
    Transaction transaction(*store_.database);
    documents_.erase_all();
    logs_.erase_all();
    settled_region(documents_, region_);
    ensure_default_cluster(documents_, region_);
    transaction.commit();
    scheduler_.start();
  }

  Store store_;
  Documents documents_;
  LogStore logs_;
  std::string region_;
  std::string authority_;
  std::uint16_t port_;
  std::unique_ptr<ContainerRuntime> runtime_;
  KeyService keys_;
  Faults faults_;
  SessionRegistry sessions_;
  TaskEngine engine_;
  ServiceScheduler scheduler_;
  Dispatcher dispatcher_;
  net::Event stop_;
  Front front_;
};

net::Task<> stop_on_signal(net::Signals& signals, net::Event& stop) {
  co_await signals.next();
  stop.set();
}

net::Task<Result<std::unique_ptr<ContainerRuntime>>> open_runtime_for(net::Loop& loop,
                                                                      EndpointSettings settings,
                                                                      const Store& store) {
  RuntimeSettings runtime{.hidden_folders = std::move(settings.hidden_folders), .data_folder = {}};
  if (store.folder) {
    runtime.data_folder = store.folder->path();
    runtime.hidden_folders.push_back(store.folder->path());
  }
  if (auto records = records_folder()) runtime.hidden_folders.push_back(std::move(*records));
  auto opened = co_await open_runtime(loop, settings.runtime, std::move(runtime));
  co_return opened;
}

using Servers = std::vector<std::unique_ptr<net::HttpServer>>;

// On 127.0.0.1 also [::1], where this machine has it: who answers there answers half of those who call
// "localhost". The same port on both.
Result<Servers> listen(net::Loop& loop, const std::string& host, std::uint16_t port) {
  constexpr int kMostPicks = 20;
  for (int pick = 1;; ++pick) {
    auto first = net::HttpServer::listen(loop, host, port);
    if (!first) return fail(std::move(first.error()));
    Servers servers;
    servers.push_back(std::move(*first));
    if (host != "127.0.0.1") return servers;
    auto second = net::HttpServer::listen(loop, "::1", servers.front()->port());
    if (second) servers.push_back(std::move(*second));
    if (second || second.error().code == FailureCode::not_found) return servers;
    const bool may_pick_another =
        port == 0 && second.error().code == FailureCode::refused && pick < kMostPicks;
    if (!may_pick_another) return fail(std::move(second.error()));
  }
}

// Until someone wants it to stop; no request is being served any more when it returns.
net::Task<Result<>> serve_until_stopped(net::Loop& loop, Endpoint& endpoint, Servers& servers,
                                        const std::function<void(const std::string& url)>& on_ready) {
  auto record = PublishedRecord::publish(endpoint.record());
  if (!record) {
    co_await endpoint.finish();
    co_return fail(std::move(record.error()));
  }
  net::Signals signals(loop, {SIGINT, SIGTERM});
  net::TaskGroup group(loop);
  group.spawn(stop_on_signal(signals, endpoint.stop_wanted()));
  for (const auto& server : servers) {
    group.spawn(
        server->serve([&endpoint](net::HttpRequest request) { return endpoint.handle(std::move(request)); },
                      [&endpoint](const net::HttpRequest& head) { return endpoint.refuse_head(head); }));
  }
  on_ready(endpoint.url());
  co_await endpoint.stop_wanted().wait();
  co_await endpoint.finish();
  for (const auto& server : servers) server->stop();
  group.cancel();
  co_await group.join();
  co_return Result<>();
}

}  // namespace

net::Task<Result<>> serve_endpoint(net::Loop& loop, EndpointSettings settings,
                                   std::function<void(const std::string& url)> on_ready,
                                   std::function<void(const std::string& line)> on_notice) {
  auto store = open_store(settings.data);
  if (!store) co_return fail(std::move(store.error()));
  auto servers = listen(loop, settings.host, settings.port);
  if (!servers) co_return fail(std::move(servers.error()));
  auto runtime = co_await open_runtime_for(loop, settings, *store);
  if (!runtime) co_return fail(std::move(runtime.error()));

  std::unique_ptr<Endpoint> endpoint;
  std::optional<Failure> failure;
  try {
    endpoint = std::make_unique<Endpoint>(loop, settings, std::move(*store), std::move(*runtime),
                                          servers->front()->port(), on_notice);
    endpoint->start();
  } catch (const StoreError& error) {
    failure = Failure{.code = FailureCode::local_system,
                      .what = error.what(),
                      .hint = "use another --data folder",
                      .service_code = {}};
  }
  if (failure && endpoint) co_await endpoint->finish();
  if (failure) co_return fail(std::move(*failure));
  if (endpoint->region() != settings.region) {
    on_notice(
        fmt::format("the data folder was made in region {}, which stays its region", endpoint->region()));
  }
  auto served = co_await serve_until_stopped(loop, *endpoint, *servers, on_ready);
  co_return served;
}

}  // namespace ferry::local
