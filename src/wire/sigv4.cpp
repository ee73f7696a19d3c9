#include "wire/sigv4.hpp"

#include "base/secret.hpp"
#include "base/text.hpp"
#include "wire/digest.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace ferry::wire::sigv4 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";

// Hop-by-hop headers, and those that tracing and proxies change on the way; the set that botocore leaves out.
constexpr std::array<std::string_view, 14> kUnsigned{
    "baggage",    "connection",     "expect",     "keep-alive", "proxy-authenticate", "proxy-authorization",
    "te",         "traceparent",    "tracestate", "trailer",    "transfer-encoding",  "upgrade",
    "user-agent", "x-amzn-trace-id"};

using Values = std::map<std::string, std::string, std::less<>>;

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// Without dot segments and empty segments (RFC 3986 section 5.2.4, and AWS's own rule for "//").
std::string normalized_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string result = path.starts_with('/') || path.empty() ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i != 0) result += '/';
    result += kept[i];
  }
  if (path.ends_with('/') && !kept.empty()) result += '/';
  return result;
}

// The path of the wire is encoded once already; the signature wants it encoded twice.
std::string canonical_path(std::string_view path) {
  std::string encoded;
  for (const char c : normalized_path(path)) {
    if (is_unreserved(c) || c == '/') {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const std::string_view pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    pairs.emplace_back(pair.substr(0, equals),
                       equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
  }
  std::ranges::sort(pairs);
  std::string result;
  for (const auto& [key, value] : pairs) {
    if (!result.empty()) result += '&';
    result += fmt::format("{}={}", key, value);
  }
  return result;
}

// Trimmed, and every run of blanks inside as one blank.
std::string canonical_value(std::string_view value) {
  std::string result;
  bool pending_blank = false;
  for (const char c : trim(value)) {
    if (c == ' ' || c == '\t') {
      pending_blank = true;
      continue;
    }
    if (pending_blank) result += ' ';
    pending_blank = false;
    result += c;
  }
  return result;
}

// Name in lower case to value; a repeated header's values are joined in their order.
Values canonical_headers(const Headers& headers) {
  Values values;
  for (const auto& [name, value] : headers) {
    const auto [position, added] = values.try_emplace(to_lower(name), canonical_value(value));
    if (!added) position->second += "," + canonical_value(value);
  }
  return values;
}

std::string compact_time(WallTime time) {
  std::string text = rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text.substr(0, text.find('.')) + "Z";
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  const std::string_view piece = text.substr(at, count);
  if (!std::ranges::all_of(piece, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  const std::optional<std::int64_t> value = parse_integer(piece);
  if (!value) return std::nullopt;
  return static_cast<int>(*value);
}

// "20261123T181936Z"
std::optional<WallTime> parse_compact_time(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = digits(text, 0, 4), month = digits(text, 4, 2), day = digits(text, 6, 2);
  const auto hour = digits(text, 9, 2), minute = digits(text, 11, 2), second = digits(text, 13, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::string scope_text(std::string_view date, const Scope& scope) {
  return fmt::format("{}/{}/{}/{}", date, scope.region, scope.service, kTerminator);
}

// What signs for one day, region and service: as good as the secret for that long, and so wiped as well.
class SigningKey {
 public:
  SigningKey(std::string_view secret, std::string_view date, const Scope& scope) {
    std::string prefixed("AWS4");  // not by fmt, which works on the stack and leaves it there
    const Secret first(std::move(prefixed.append(secret)));
    key_ = hmac_sha256(as_bytes(first.reveal()), as_bytes(date));
    for (const std::string_view part : {scope.region, scope.service, kTerminator}) {
      Digest next = hmac_sha256(key_, as_bytes(part));
      key_.swap(next);
      wipe(std::span(next));
    }
  }
  ~SigningKey() { wipe(std::span(key_)); }
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;

  [[nodiscard]] const Digest& bytes() const { return key_; }

 private:
  Digest key_{};
};

// The names must be sorted and in `values`.
std::string signature(const Request& request, const Values& values, const std::vector<std::string>& names,
                      std::string_view secret, std::string_view timestamp, const Scope& scope) {
  const std::size_t question_mark = request.target.find('?');
  const bool has_query = question_mark != std::string_view::npos;
  std::string canonical =
      fmt::format("{}\n{}\n{}\n", request.method, canonical_path(request.target.substr(0, question_mark)),
                  canonical_query(has_query ? request.target.substr(question_mark + 1) : ""));
  for (const std::string& name : names) canonical += fmt::format("{}:{}\n", name, values.at(name));
  canonical += fmt::format("\n{}\n{}", join(names, ";"), hex(sha256(as_bytes(request.body))));

  const std::string_view date = timestamp.substr(0, 8);
  const std::string to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, timestamp, scope_text(date, scope),
                                          hex(sha256(as_bytes(canonical))));
  return hex(hmac_sha256(SigningKey(secret, date, scope).bytes(), as_bytes(to_sign)));
}

tl::unexpected<Refusal> refuse(Fault fault, std::string detail) {
  return tl::unexpected<Refusal>(Refusal{.fault = fault, .detail = std::move(detail)});
}

tl::unexpected<Refusal> refuse_mismatch() {
  return refuse(
      Fault::mismatch,
      "The request signature we calculated does not match the signature you provided. Check your AWS "
      "Secret Access Key and signing method. Consult the service documentation for details.");
}

// The one value of a header that must be there once.
std::optional<std::string_view> only_value(const Headers& headers, std::string_view name) {
  const auto is_named = [name](const auto& header) { return equals_ignoring_case(header.first, name); };
  const auto found = std::ranges::find_if(headers, is_named);
  if (found == headers.end() || std::ranges::count_if(headers, is_named) != 1) return std::nullopt;
  return found->second;
}

// Nothing that decides what is done, or for whom, may travel unsigned.
std::optional<Refusal> find_unsigned_header(const Values& values, const std::vector<std::string>& names) {
  const auto is_signed = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  if (!is_signed("host")) {
    return Refusal{.fault = Fault::mismatch,
                   .detail = "'Host' must be a 'SignedHeader' in the AWS Authorization."};
  }
  for (const auto& [name, value] : values) {
    if (name.starts_with("x-amz-") && !is_signed(name)) {
      return Refusal{.fault = Fault::mismatch,
                     .detail = fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", name)};
    }
  }
  for (const std::string& name : names) {
    if (!values.contains(name)) {
      return Refusal{.fault = Fault::mismatch,
                     .detail = fmt::format("The signed header '{}' is not in the request.", name)};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> find_clock_fault(std::string_view timestamp, WallTime signed_at, WallTime now) {
  if (signed_at < now - kClockTolerance) {
    return Refusal{.fault = Fault::expired,
                   .detail = fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)",
                                         timestamp, compact_time(now - kClockTolerance), compact_time(now),
                                         kClockTolerance.count())};
  }
  if (signed_at > now + kClockTolerance) {
    return Refusal{.fault = Fault::expired,
                   .detail = fmt::format(
                       "Signature not yet current: {} is still later than {} ({} + {} min.)", timestamp,
                       compact_time(now + kClockTolerance), compact_time(now), kClockTolerance.count())};
  }
  return std::nullopt;
}

}  // namespace

Headers sign(const Request& request, const Identity& identity, const Scope& scope, WallTime now) {
  const std::string timestamp = compact_time(now);
  Headers added{{"X-Amz-Date", timestamp}};
  if (!identity.session_token.empty()) added.emplace_back("X-Amz-Security-Token", identity.session_token);

  Headers all = request.headers;
  all.insert(all.end(), added.begin(), added.end());
  const Values values = canonical_headers(all);
  std::vector<std::string> names;
  for (const auto& [name, value] : values) {
    if (std::ranges::find(kUnsigned, name) == kUnsigned.end()) names.push_back(name);
  }
  added.emplace_back(
      "Authorization",
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm, identity.access_key_id,
                  scope_text(std::string_view(timestamp).substr(0, 8), scope), join(names, ";"),
                  signature(request, values, names, identity.secret_access_key, timestamp, scope)));
  return added;
}

tl::expected<Authorization, Refusal> parse_authorization(std::string_view value) {
  value = trim(value);
  if (!value.starts_with(kAlgorithm) || !value.substr(kAlgorithm.size()).starts_with(' ')) {
    return refuse(Fault::incomplete,
                  fmt::format("The Authorization header must begin with '{} '.", kAlgorithm));
  }
  std::string_view credential, signed_headers, given_signature;
  for (const std::string_view part : split(value.substr(kAlgorithm.size()), ',')) {
    const std::string_view piece = trim(part);
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = piece.substr(0, equals);
    if (name == "Credential") credential = piece.substr(equals + 1);
    if (name == "SignedHeaders") signed_headers = piece.substr(equals + 1);
    if (name == "Signature") given_signature = piece.substr(equals + 1);
  }
  std::string absent;
  if (credential.empty()) absent += "Authorization header requires 'Credential' parameter. ";
  if (given_signature.empty()) absent += "Authorization header requires 'Signature' parameter. ";
  if (signed_headers.empty()) absent += "Authorization header requires 'SignedHeaders' parameter. ";
  if (!absent.empty()) return refuse(Fault::incomplete, std::string(trim(absent)));

  const std::vector<std::string_view> scope = split(credential, '/');
  if (scope.size() != 5 || scope[1].size() != 8 || scope[4] != kTerminator ||
      std::ranges::any_of(scope, &std::string_view::empty)) {
    return refuse(Fault::incomplete,
                  "Credential must have exactly 5 slash-delimited elements, e.g. "
                  "keyid/date/region/service/aws4_request");
  }
  Authorization parsed{.access_key_id = std::string(scope[0]),
                       .date = std::string(scope[1]),
                       .region = std::string(scope[2]),
                       .service = std::string(scope[3]),
                       .signed_headers = {},
                       .signature = std::string(given_signature)};
  for (const std::string_view name : split(signed_headers, ';'))
    parsed.signed_headers.push_back(to_lower(name));
  if (!std::ranges::is_sorted(parsed.signed_headers) ||
      std::ranges::adjacent_find(parsed.signed_headers) != parsed.signed_headers.end()) {
    return refuse(Fault::incomplete, "SignedHeaders must be sorted and name each header once.");
  }
  return parsed;
}

tl::expected<Authorization, Refusal> verify(const Request& request, const Identity& identity, WallTime now) {
  const Values values = canonical_headers(request.headers);
  if (!values.contains("authorization")) return refuse(Fault::missing, "Missing Authentication Token");
  const std::optional<std::string_view> header = only_value(request.headers, "Authorization");
  if (!header) return refuse(Fault::incomplete, "The request must have one Authorization header.");
  tl::expected<Authorization, Refusal> authorization = parse_authorization(*header);
  if (!authorization) return authorization;

  const std::string_view timestamp = only_value(request.headers, "X-Amz-Date").value_or("");
  const std::optional<WallTime> signed_at = parse_compact_time(timestamp);
  if (!signed_at || timestamp.substr(0, 8) != authorization->date) {
    return refuse(Fault::incomplete,
                  "The request must have one X-Amz-Date header (YYYYMMDD'T'HHMMSS'Z') of the date in the "
                  "Credential's scope.");
  }
  const auto token = values.find("x-amz-security-token");
  const std::string_view given_token = token == values.end() ? std::string_view{} : token->second;
  if (authorization->access_key_id != identity.access_key_id ||
      !equal_in_constant_time(given_token, identity.session_token)) {
    return refuse(Fault::unknown_key, "The security token included in the request is invalid.");
  }
  if (std::optional<Refusal> refusal = find_unsigned_header(values, authorization->signed_headers)) {
    return tl::unexpected<Refusal>(std::move(*refusal));
  }
  const Scope scope{.region = authorization->region, .service = authorization->service};
  const std::string expected =
      signature(request, values, authorization->signed_headers, identity.secret_access_key, timestamp, scope);
  if (!equal_in_constant_time(expected, authorization->signature)) return refuse_mismatch();
  // Last, as AWS does it: a stale date is only worth telling to the key's holder.
  if (std::optional<Refusal> refusal = find_clock_fault(timestamp, *signed_at, now)) {
    return tl::unexpected<Refusal>(std::move(*refusal));
  }
  return authorization;
}

}  // namespace ferry::wire::sigv4
