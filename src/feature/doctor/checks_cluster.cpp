// What the cluster's executeCommandConfiguration asks of the task role: a key to use, logs to write.
#include "feature/doctor/checks.hpp"
#include "feature/doctor/fixes.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::string_view kEncryption = "encryption";
constexpr std::string_view kLogging = "logging";
constexpr std::string_view kProgramsNote =
    "the image needs `script` and `cat` for it, which cannot be seen from outside";

std::string account_of(const Facts& facts) {
  return facts.cluster ? arn_part(facts.cluster->arn, 4) : std::string{};
}

std::string partition_of(const Facts& facts) {
  const std::string partition = facts.cluster ? arn_part(facts.cluster->arn, 1) : std::string{};
  return partition.empty() ? "aws" : partition;
}

// The key's ARN; empty for an alias, which names a key only the key service knows.
std::string key_arn(const Facts& facts, const std::string& key) {
  if (key.find(":key/") != std::string::npos) return key;
  if (key.find("alias/") != std::string::npos) return {};
  return fmt::format("arn:{}:kms:{}:{}:key/{}", partition_of(facts), facts.region, account_of(facts), key);
}

std::string group_arn(const Facts& facts, std::string_view group) {
  return fmt::format("arn:{}:logs:{}:{}:log-group:{}:*", partition_of(facts), facts.region, account_of(facts),
                     group);
}

// The awslogs group of the container that is meant, or of the first that has one.
std::string own_log_group(const Facts& facts) {
  const TaskDefinitionFacts* definition = known(facts.definition);
  if (definition == nullptr) return {};
  for (const ContainerDefinitionFacts& container : definition->containers) {
    if (is_meant(facts, container.name) && container.log_driver == "awslogs") return container.log_group;
  }
  return {};
}

// True where the rights are there. A finding says otherwise.
bool check_group_rights(const Facts& facts, const std::string& group, Findings& findings) {
  const std::vector<std::string> writing{"logs:CreateLogStream", "logs:DescribeLogStreams",
                                         "logs:PutLogEvents"};
  const std::string arn = group_arn(facts, group);
  RoleGap gap = gap_of(*facts.task_role, writing, arn);
  const RoleGap listing = gap_of(*facts.task_role, {"logs:DescribeLogGroups"}, "*");
  std::vector<std::string> all = writing;
  all.emplace_back("logs:DescribeLogGroups");
  gap.missing.insert(gap.missing.end(), listing.missing.begin(), listing.missing.end());
  if (gap.denied_by.empty()) gap.denied_by = listing.denied_by;
  if (gap.unknown.empty()) gap.unknown = listing.unknown;
  gap.is_boundary = gap.is_boundary || listing.is_boundary;
  // DescribeLogGroups is asked of all groups; a resource list that has both serves.
  return !report_gap(facts, kLogging, gap, all, {arn, "*"},
                     "the transcript of a session does not reach the log", findings);
}

bool check_bucket_rights(const Facts& facts, const ClusterFacts& cluster, Findings& findings) {
  const std::string bucket = fmt::format("arn:{}:s3:::{}", partition_of(facts), cluster.bucket);
  const std::string objects = fmt::format("{}/{}*", bucket, cluster.bucket_prefix);
  constexpr std::string_view kConsequence = "the transcript of a session does not reach the bucket";
  const RoleGap writing = gap_of(*facts.task_role, {"s3:PutObject"}, objects);
  const RoleGap looking = gap_of(*facts.task_role, {"s3:GetEncryptionConfiguration"}, bucket);
  if (report_gap(facts, kLogging, writing, {"s3:PutObject", "s3:GetEncryptionConfiguration"},
                 {objects, bucket}, kConsequence, findings))
    return false;
  return !report_gap(facts, kLogging, looking, {"s3:GetEncryptionConfiguration"}, {bucket}, kConsequence,
                     findings);
}

void check_override(const Facts& facts, const ClusterFacts& cluster, Findings& findings) {
  const std::string name(kLogging);
  if (cluster.log_group.empty() && cluster.bucket.empty()) {
    findings.push_back(
        cannot_tell(name, "where transcripts go", "logging is OVERRIDE, and no group or bucket is named"));
    return;
  }
  bool is_fine = true;
  if (!cluster.log_group.empty() && facts.log_group_exists && !*facts.log_group_exists) {
    Fixes fixes;
    fixes.commands = ferry_line(facts, "logs", "CreateLogGroup", {{"logGroupName", cluster.log_group}});
    fixes.terraform =
        terraform_in("aws_cloudwatch_log_group", "exec", fmt::format("name = \"{}\"", cluster.log_group));
    findings.push_back(wrong(name, fmt::format("there is no log group {}", cluster.log_group),
                             "the cluster sends the transcripts of sessions there", std::move(fixes)));
    is_fine = false;
  } else if (!cluster.log_group.empty() && !facts.log_group_exists) {
    findings.push_back(cannot_tell(name, fmt::format("whether log group {} is there", cluster.log_group),
                                   facts.log_group_exists.error().what));
  }
  if (!facts.task_role) {
    findings.push_back(
        cannot_tell(name, "whether the task role may write transcripts", facts.task_role.error().what));
    return;
  }
  if (!cluster.log_group.empty()) is_fine = check_group_rights(facts, cluster.log_group, findings) && is_fine;
  if (!cluster.bucket.empty()) is_fine = check_bucket_rights(facts, cluster, findings) && is_fine;
  if (is_fine)
    findings.push_back(
        fine(name, "the task role may write transcripts (logging OVERRIDE)", std::string(kProgramsNote)));
}

void check_default(const Facts& facts, const ClusterFacts& cluster, Findings& findings) {
  const std::string name(kLogging);
  const std::string group = own_log_group(facts);
  if (group.empty()) {
    findings.push_back(
        fine(name, "no transcripts: logging is DEFAULT, and the container has no awslogs driver"));
    return;
  }
  if (!facts.task_role) {
    findings.push_back(
        cannot_tell(name, "whether the task role may write transcripts", facts.task_role.error().what));
    return;
  }
  Findings found;
  if (check_group_rights(facts, group, found)) {
    findings.push_back(fine(name, fmt::format("the task role may write transcripts to {}", group),
                            std::string(kProgramsNote)));
  } else if (cluster.is_logging_asked_for || found.front().verdict != Verdict::wrong) {
    findings.push_back(std::move(found.front()));
  } else {
    // Nobody asked for logging: it is what a cluster has unless told otherwise, and exec works without.
    findings.push_back(advised(name, fmt::format("transcripts do not reach {}", group), found.front().what));
  }
}

}  // namespace

void check_encryption(const Facts& facts, Findings& findings) {
  if (!facts.cluster || facts.cluster->kms_key.empty()) return;
  const std::string name(kEncryption);
  const std::string& key = facts.cluster->kms_key;
  if (task_role_arn(facts).empty()) return;
  if (!facts.task_role) {
    findings.push_back(
        cannot_tell(name, "whether the task role may use the cluster's key", facts.task_role.error().what));
    return;
  }
  const std::string arn = key_arn(facts, key);
  const RoleGap gap =
      gap_of(*facts.task_role, {"kms:Decrypt"}, arn.empty() ? "arn:aws:kms:::key/unknown" : arn);
  if (arn.empty() && !gap.missing.empty() && gap.denied_by.empty()) {
    findings.push_back(cannot_tell(name, fmt::format("whether the task role may use {}", key),
                                   "the key is named by its alias"));
    return;
  }
  constexpr std::string_view kConsequence =
      "sessions are encrypted with the cluster's key, and the agent has to decrypt (unless the key's own "
      "policy lets it)";
  if (!report_gap(facts, kEncryption, gap, {"kms:Decrypt"}, {arn}, kConsequence, findings))
    findings.push_back(
        fine(name, fmt::format("task role {} may use the cluster's key", facts.task_role->name)));
}

void check_logging(const Facts& facts, Findings& findings) {
  const std::string name(kLogging);
  if (!facts.cluster) {
    findings.push_back(cannot_tell(name, "the logging of sessions", facts.cluster.error().what));
    return;
  }
  const ClusterFacts& cluster = *facts.cluster;
  if (cluster.name.empty() || task_role_arn(facts).empty()) return;  // a task definition alone has no cluster
  if (cluster.logging == "NONE") {
    findings.push_back(fine(name, "no transcripts (logging NONE)"));
  } else if (cluster.logging == "OVERRIDE") {
    check_override(facts, cluster, findings);
  } else {
    check_default(facts, cluster, findings);
  }
}

}  // namespace ferry::feature
