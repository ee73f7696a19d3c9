#include "local/api/task_definition_operations.hpp"

#include "base/text.hpp"
#include "local/api/arn.hpp"
#include "local/api/input.hpp"
#include "local/api/shape.hpp"
#include "local/api/task_definition_rules.hpp"
#include "local/tasks/document.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

// Documents {"taskDefinition": ..., "tags": [...]} by "FAMILY:REVISION", the revision with leading zeros, so
// that they are listed in order.
constexpr std::string_view kKind = "task-definition";
constexpr std::size_t kMostListed = 100;

std::string key_of(std::string_view family, std::int64_t revision) {
  return fmt::format("{}:{:010}", family, revision);
}

const json::object& definition_in(const json::object& document) {
  return structure_of(document, "taskDefinition");
}

std::string key_of(const json::object& document) {
  const json::object& definition = definition_in(document);
  return key_of(text_of(definition, "family"), integer_of(definition, "revision", 0));
}

bool is_active(const json::object& document) {
  return text_of(definition_in(document), "status") == "ACTIVE";
}

struct Reference {
  std::string family;
  std::optional<std::int64_t> revision;
};

std::optional<Reference> parse_reference(std::string_view text) {
  const std::string_view name = short_name(text);
  const std::size_t colon = name.find(':');
  if (colon == std::string_view::npos)
    return Reference{.family = std::string(name), .revision = std::nullopt};
  const auto revision = parse_integer(name.substr(colon + 1));
  if (!revision || *revision < 1) return std::nullopt;
  return Reference{.family = std::string(name.substr(0, colon)), .revision = revision};
}

// An ARN means the very one, or with a family alone its latest.
bool is_meant(const json::object& document, std::string_view text) {
  if (!text.starts_with("arn:")) return true;
  const std::string arn = text_of(definition_in(document), "taskDefinitionArn");
  return arn == text || arn.starts_with(std::string(text) + ":");
}

std::optional<json::object> find_document(const Documents& documents, std::string_view text) {
  const auto reference = parse_reference(text);
  if (!reference) return std::nullopt;
  if (reference->revision) {
    auto document = documents.get(kKind, key_of(reference->family, *reference->revision));
    if (document && !is_meant(*document, text)) return std::nullopt;
    return document;
  }
  std::vector<json::object> revisions = documents.list(kKind, reference->family + ":");
  const auto latest = std::find_if(revisions.rbegin(), revisions.rend(), is_active);
  if (latest == revisions.rend() || !is_meant(*latest, text)) return std::nullopt;
  return std::move(*latest);
}

json::array compatibilities_of(const json::object& input) {
  json::array compatibilities{"EC2"};
  for (const std::string& required : texts_of(input, "requiresCompatibilities")) {
    if (required != "EC2") compatibilities.emplace_back(required);
  }
  return compatibilities;
}

std::optional<ServiceError> wrong_status(std::string_view status,
                                         std::initializer_list<std::string_view> choices) {
  if (std::ranges::find(choices, status) != choices.end()) return std::nullopt;
  return invalid_parameter(fmt::format("Invalid value '{}' for status.", status)).value();
}

class TaskDefinitionApi {
 public:
  TaskDefinitionApi(Documents& documents, std::string region)
      : documents_(&documents), region_(std::move(region)) {}

  Answer register_one(const json::object& input) {
    if (auto wrong = wrong_task_definition(input)) return tl::unexpected(std::move(*wrong));
    const std::string family = text_of(input, "family");
    const std::vector<json::object> earlier = documents_->list(kKind, family + ":");
    const std::int64_t revision =
        earlier.empty() ? 1 : integer_of(definition_in(earlier.back()), "revision", 0) + 1;

    json::object definition = input;
    definition.erase("tags");
    for (const std::string_view list : {"volumes", "placementConstraints"}) {
      if (!definition.contains(list)) definition[list] = json::array{};
    }
    // Stored as the numbers they mean: "1 vCPU" is shown as "1024".
    if (const auto cpu = find_text(input, "cpu")) {
      definition["cpu"] = fmt::format("{}", task_cpu_units(*cpu).value_or(0));
    }
    if (const auto memory = find_text(input, "memory")) {
      definition["memory"] = fmt::format("{}", task_memory_mib(*memory).value_or(0));
    }
    definition["taskDefinitionArn"] = task_definition_arn(region_, family, static_cast<int>(revision));
    definition["revision"] = revision;
    definition["status"] = "ACTIVE";
    definition["requiresAttributes"] = json::array{};
    definition["compatibilities"] = compatibilities_of(input);
    definition["registeredAt"] = epoch_seconds(net::wall_now());
    definition["registeredBy"] = fmt::format("arn:aws:iam::{}:user/ferry-local", kAccount);
    json::object document{{"taskDefinition", std::move(definition)}, {"tags", list_of(input, "tags")}};
    documents_->put(kKind, key_of(family, revision), document);
    return document;
  }

  Answer describe(const json::object& input) {
    auto document = find_document(*documents_, text_of(input, "taskDefinition"));
    if (!document) return refuse("ClientException", "Unable to describe task definition.");
    const std::vector<std::string> included = texts_of(input, "include");
    if (std::ranges::find(included, "TAGS") == included.end()) document->erase("tags");
    return std::move(*document);
  }

  Answer deregister(const json::object& input) {
    const std::string text = text_of(input, "taskDefinition");
    const auto reference = parse_reference(text);
    if (!reference || !reference->revision) {
      return refuse("ClientException", "The task definition must be named as family:revision or by its ARN.");
    }
    auto document = find_document(*documents_, text);
    if (!document) return refuse("ClientException", "The specified task definition does not exist.");
    if (!is_active(*document)) {
      return refuse("ClientException", "The specified task definition is inactive. Specify an active one.");
    }
    json::object definition = definition_in(*document);
    definition["status"] = "INACTIVE";
    definition["deregisteredAt"] = epoch_seconds(net::wall_now());
    (*document)["taskDefinition"] = definition;
    documents_->put(kKind, key_of(*document), *document);
    return json::object{{"taskDefinition", std::move(definition)}};
  }

  Answer list(const json::object& input) {
    const std::string status = find_text(input, "status").value_or("ACTIVE");
    if (auto wrong = wrong_status(status, {"ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"})) {
      return tl::unexpected(std::move(*wrong));
    }
    const std::string sort = find_text(input, "sort").value_or("ASC");
    if (sort != "ASC" && sort != "DESC") {
      return invalid_parameter(fmt::format("Invalid value '{}' for sort.", sort));
    }
    // A `familyPrefix` is a whole family name to this operation, whatever it is called.
    const auto family = find_text(input, "familyPrefix");
    std::map<std::string, std::string> arns;
    for (const json::object& document : documents_->list(kKind, family ? *family + ":" : std::string())) {
      const json::object& definition = definition_in(document);
      if (text_of(definition, "status") != status) continue;
      arns[key_of(document)] = text_of(definition, "taskDefinitionArn");
    }
    std::vector<std::string> keys;
    keys.reserve(arns.size());
    for (const auto& [key, arn] : arns) keys.push_back(key);
    if (sort == "DESC") std::ranges::reverse(keys);
    const auto page = page_of(std::move(keys), input, kMostListed, sort == "DESC");
    if (!page) return tl::unexpected(page.error());
    json::array shown;
    for (const std::string& key : page->items) shown.emplace_back(arns[key]);
    json::object answer{{"taskDefinitionArns", std::move(shown)}};
    if (page->next_token) answer["nextToken"] = *page->next_token;
    return answer;
  }

  Answer list_families(const json::object& input) {
    const std::string status = find_text(input, "status").value_or("ALL");
    if (auto wrong = wrong_status(status, {"ACTIVE", "INACTIVE", "ALL"})) {
      return tl::unexpected(std::move(*wrong));
    }
    std::set<std::string> active, inactive;
    for (const json::object& document : documents_->list(kKind, text_of(input, "familyPrefix"))) {
      (is_active(document) ? active : inactive).insert(text_of(definition_in(document), "family"));
    }
    std::vector<std::string> families;
    if (status != "INACTIVE") families.assign(active.begin(), active.end());
    if (status != "ACTIVE") {
      std::ranges::set_difference(inactive, active, std::back_inserter(families));
      std::ranges::sort(families);
    }
    const auto page = page_of(std::move(families), input, kMostListed);
    if (!page) return tl::unexpected(page.error());
    json::object answer{{"families", json::array(page->items.begin(), page->items.end())}};
    if (page->next_token) answer["nextToken"] = *page->next_token;
    return answer;
  }

 private:
  Documents* documents_;
  std::string region_;
};

}  // namespace

std::optional<TaskDefinitionRecord> find_task_definition(const Documents& documents,
                                                         std::string_view reference) {
  const auto document = find_document(documents, reference);
  if (!document) return std::nullopt;
  return TaskDefinitionRecord{.definition = definition_in(*document), .tags = list_of(*document, "tags")};
}

Operations task_definition_operations(Documents& documents, std::string region) {
  const auto api = std::make_shared<TaskDefinitionApi>(documents, std::move(region));
  Operations operations;
  operations["RegisterTaskDefinition"] = shaped_at_once(
      kTaskDefinitionShape, [api](const json::object& input) { return api->register_one(input); });
  operations["DescribeTaskDefinition"] =
      shaped_at_once(R"({"taskDefinition": "string", "include": ["string"]})",
                     [api](const json::object& input) { return api->describe(input); });
  operations["DeregisterTaskDefinition"] = shaped_at_once(
      R"({"taskDefinition": "string"})", [api](const json::object& input) { return api->deregister(input); });
  operations["ListTaskDefinitions"] = shaped_at_once(
      R"({"familyPrefix": "string", "status": "string", "sort": "string", "nextToken": "string",
          "maxResults": "integer"})",
      [api](const json::object& input) { return api->list(input); });
  operations["ListTaskDefinitionFamilies"] = shaped_at_once(
      R"({"familyPrefix": "string", "status": "string", "nextToken": "string", "maxResults": "integer"})",
      [api](const json::object& input) { return api->list_families(input); });
  return operations;
}

}  // namespace ferry::local
