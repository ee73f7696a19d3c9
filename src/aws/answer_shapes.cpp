#include "aws/answer_shapes.hpp"

#include "aws/endpoints.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::aws {
namespace {

namespace json = boost::json;

enum class Type {
  text,
  flag,
  integer,       // of 32 bits, as all of ECS's are
  long_integer,  // of 64 bits
  time,          // seconds since 1970, with a fraction
  texts,
  structure,
  structures,
};

struct Member {
  std::string_view name;
  Type type;
  // Of a structure, or of each of a list of them. The initializer lets the table's rows leave it out.
  // NOLINTNEXTLINE(readability-redundant-member-init)
  std::span<const Member> members{};
};

using enum Type;

// ECS, by its API reference.
constexpr std::array kFailure{Member{"arn", text}, Member{"reason", text}, Member{"detail", text}};
constexpr std::array kPair{Member{"name", text}, Member{"value", text}};
constexpr std::array kAgent{Member{"name", text}, Member{"lastStatus", text}, Member{"reason", text}};
constexpr std::array kContainer{
    Member{"name", text},      Member{"containerArn", text}, Member{"image", text},
    Member{"runtimeId", text}, Member{"lastStatus", text},   Member{"healthStatus", text},
    Member{"reason", text},    Member{"exitCode", integer},  Member{"managedAgents", structures, kAgent}};
constexpr std::array kAttachment{Member{"details", structures, kPair}};
constexpr std::array kContainerOverride{Member{"name", text}, Member{"environment", structures, kPair}};
constexpr std::array kOverrides{Member{"taskRoleArn", text}, Member{"executionRoleArn", text},
                                Member{"containerOverrides", structures, kContainerOverride}};
constexpr std::array kTask{Member{"taskArn", text},
                           Member{"clusterArn", text},
                           Member{"taskDefinitionArn", text},
                           Member{"group", text},
                           Member{"startedBy", text},
                           Member{"lastStatus", text},
                           Member{"desiredStatus", text},
                           Member{"stopCode", text},
                           Member{"stoppedReason", text},
                           Member{"launchType", text},
                           Member{"platformVersion", text},
                           Member{"platformFamily", text},
                           Member{"enableExecuteCommand", flag},
                           Member{"containers", structures, kContainer},
                           Member{"attachments", structures, kAttachment},
                           Member{"overrides", structure, kOverrides},
                           Member{"createdAt", time},
                           Member{"connectivityAt", time},
                           Member{"pullStartedAt", time},
                           Member{"pullStoppedAt", time},
                           Member{"startedAt", time},
                           Member{"stoppingAt", time},
                           Member{"executionStoppedAt", time},
                           Member{"stoppedAt", time}};
constexpr std::array kTasks{Member{"tasks", structures, kTask}, Member{"failures", structures, kFailure}};
constexpr std::array kOneTask{Member{"task", structure, kTask}};
constexpr std::array kTaskList{Member{"taskArns", texts}, Member{"nextToken", text}};

constexpr std::array kLogOptions{Member{"awslogs-group", text}, Member{"awslogs-region", text},
                                 Member{"awslogs-stream-prefix", text}};
constexpr std::array kLogConfiguration{Member{"logDriver", text}, Member{"options", structure, kLogOptions}};
constexpr std::array kTmpfs{Member{"containerPath", text}};
constexpr std::array kLinuxParameters{Member{"initProcessEnabled", flag},
                                      Member{"tmpfs", structures, kTmpfs}};
constexpr std::array kMountPoint{Member{"containerPath", text}, Member{"readOnly", flag}};
constexpr std::array kDependency{Member{"containerName", text}, Member{"condition", text}};
constexpr std::array kSecret{Member{"name", text}};
constexpr std::array kContainerDefinition{Member{"name", text},
                                          Member{"image", text},
                                          Member{"dependsOn", structures, kDependency},
                                          Member{"firelensConfiguration", structure},
                                          Member{"mountPoints", structures, kMountPoint},
                                          Member{"essential", flag},
                                          Member{"readonlyRootFilesystem", flag},
                                          Member{"logConfiguration", structure, kLogConfiguration},
                                          Member{"linuxParameters", structure, kLinuxParameters},
                                          Member{"environment", structures, kPair},
                                          Member{"secrets", structures, kSecret},
                                          Member{"dockerLabels", structure}};
constexpr std::array kPlatform{Member{"operatingSystemFamily", text}};
constexpr std::array kDefinition{Member{"taskDefinitionArn", text},
                                 Member{"family", text},
                                 Member{"revision", integer},
                                 Member{"status", text},
                                 Member{"taskRoleArn", text},
                                 Member{"executionRoleArn", text},
                                 Member{"networkMode", text},
                                 Member{"pidMode", text},
                                 Member{"runtimePlatform", structure, kPlatform},
                                 Member{"containerDefinitions", structures, kContainerDefinition}};
constexpr std::array kOneDefinition{Member{"taskDefinition", structure, kDefinition}};
constexpr std::array kDefinitionList{Member{"taskDefinitionArns", texts}, Member{"nextToken", text}};

constexpr std::array kClusterLog{Member{"cloudWatchLogGroupName", text}, Member{"s3BucketName", text},
                                 Member{"s3KeyPrefix", text}};
constexpr std::array kExecConfiguration{Member{"kmsKeyId", text}, Member{"logging", text},
                                        Member{"logConfiguration", structure, kClusterLog}};
constexpr std::array kClusterConfiguration{
    Member{"executeCommandConfiguration", structure, kExecConfiguration}};
constexpr std::array kCluster{Member{"clusterName", text}, Member{"clusterArn", text}, Member{"status", text},
                              Member{"configuration", structure, kClusterConfiguration}};
constexpr std::array kClusters{Member{"clusters", structures, kCluster},
                               Member{"failures", structures, kFailure}};

constexpr std::array kVpc{Member{"subnets", texts}, Member{"securityGroups", texts},
                          Member{"assignPublicIp", text}};
constexpr std::array kNetwork{Member{"awsvpcConfiguration", structure, kVpc}};
constexpr std::array kEvent{Member{"message", text}};
constexpr std::array kDeployment{Member{"id", text}, Member{"status", text}, Member{"rolloutState", text},
                                 Member{"rolloutStateReason", text}};
constexpr std::array kTag{Member{"key", text}, Member{"value", text}};
constexpr std::array kProvider{Member{"capacityProvider", text}};
constexpr std::array kService{Member{"serviceArn", text},
                              Member{"serviceName", text},
                              Member{"status", text},
                              Member{"launchType", text},
                              Member{"platformVersion", text},
                              Member{"platformFamily", text},
                              Member{"taskDefinition", text},
                              Member{"desiredCount", integer},
                              Member{"runningCount", integer},
                              Member{"pendingCount", integer},
                              Member{"enableExecuteCommand", flag},
                              Member{"networkConfiguration", structure, kNetwork},
                              Member{"capacityProviderStrategy", structures, kProvider},
                              Member{"events", structures, kEvent},
                              Member{"deployments", structures, kDeployment},
                              Member{"tags", structures, kTag}};
constexpr std::array kServices{Member{"services", structures, kService},
                               Member{"failures", structures, kFailure}};
constexpr std::array kOneService{Member{"service", structure, kService}};

constexpr std::array kExecSession{Member{"sessionId", text}, Member{"streamUrl", text},
                                  Member{"tokenValue", text}};
constexpr std::array kExec{Member{"clusterArn", text}, Member{"taskArn", text}, Member{"containerName", text},
                           Member{"containerArn", text}, Member{"session", structure, kExecSession}};

// CloudWatch Logs, SSM and KMS, by theirs; ferryLogComplete is `ferry local`'s own.
constexpr std::array kLogEvent{Member{"timestamp", long_integer}, Member{"ingestionTime", long_integer},
                               Member{"message", text}, Member{"eventId", text},
                               Member{"logStreamName", text}};
constexpr std::array kLogEvents{Member{"events", structures, kLogEvent}, Member{"nextToken", text},
                                Member{"nextForwardToken", text}, Member{"ferryLogComplete", flag}};
constexpr std::array kLogGroup{Member{"logGroupName", text}};
constexpr std::array kLogGroups{Member{"logGroups", structures, kLogGroup}};
constexpr std::array kResumed{Member{"SessionId", text}, Member{"TokenValue", text},
                              Member{"StreamUrl", text}};
constexpr std::array kSession{Member{"SessionId", text}};
constexpr std::array kSessions{Member{"Sessions", structures, kSession}};
constexpr std::array kDataKey{Member{"Plaintext", text}, Member{"CiphertextBlob", text}};

// The services that answer in XML, where every value that is no list and no structure is text.
constexpr std::array kIdentity{Member{"Account", text}, Member{"Arn", text}, Member{"UserId", text}};
constexpr std::array kAssumedUser{Member{"Arn", text}};
constexpr std::array kCredentials{Member{"AccessKeyId", text}, Member{"SecretAccessKey", text},
                                  Member{"SessionToken", text}, Member{"Expiration", text}};
constexpr std::array kAssumed{Member{"Credentials", structure, kCredentials},
                              Member{"AssumedRoleUser", structure, kAssumedUser}};
constexpr std::array kPolicy{Member{"DefaultVersionId", text}};
constexpr std::array kOnePolicy{Member{"Policy", structure, kPolicy}};
constexpr std::array kPolicyVersion{Member{"Document", text}};
constexpr std::array kOnePolicyVersion{Member{"PolicyVersion", structure, kPolicyVersion}};
constexpr std::array kBoundary{Member{"PermissionsBoundaryArn", text}};
constexpr std::array kRole{Member{"Arn", text}, Member{"AssumeRolePolicyDocument", text},
                           Member{"PermissionsBoundary", structure, kBoundary}};
constexpr std::array kOneRole{Member{"Role", structure, kRole}};
constexpr std::array kRolePolicy{Member{"PolicyDocument", text}};
constexpr std::array kAttachedPolicy{Member{"PolicyArn", text}};
constexpr std::array kAttachedPolicies{Member{"AttachedPolicies", structures, kAttachedPolicy},
                                       Member{"IsTruncated", text}, Member{"Marker", text}};
constexpr std::array kPolicyNames{Member{"PolicyNames", texts}, Member{"IsTruncated", text},
                                  Member{"Marker", text}};
constexpr std::array kEvaluation{Member{"EvalDecision", text}, Member{"MissingContextValues", texts}};
constexpr std::array kEvaluations{Member{"EvaluationResults", structures, kEvaluation}};
constexpr std::array kSubnet{Member{"cidrBlock", text}, Member{"vpcId", text}};
constexpr std::array kSubnets{Member{"subnetSet", structures, kSubnet}};
constexpr std::array kRoute{Member{"destinationCidrBlock", text}, Member{"state", text},
                            Member{"gatewayId", text}, Member{"natGatewayId", text}};
constexpr std::array kRouteTable{Member{"routeSet", structures, kRoute}};
constexpr std::array kRouteTables{Member{"routeTableSet", structures, kRouteTable}};
constexpr std::array kGroupName{Member{"groupId", text}};
constexpr std::array kEndpoint{Member{"vpcEndpointId", text}, Member{"serviceName", text},
                               Member{"state", text}, Member{"privateDnsEnabled", text},
                               Member{"groupSet", structures, kGroupName}};
constexpr std::array kEndpoints{Member{"vpcEndpointSet", structures, kEndpoint}};
constexpr std::array kAssociation{Member{"publicIp", text}};
constexpr std::array kInterface{Member{"groupSet", structures, kGroupName},
                                Member{"association", structure, kAssociation}};
constexpr std::array kInterfaces{Member{"networkInterfaceSet", structures, kInterface}};
constexpr std::array kRange{Member{"cidrIp", text}};
constexpr std::array kRangeOf6{Member{"cidrIpv6", text}};
constexpr std::array kPrefixList{Member{"prefixListId", text}};
constexpr std::array kPermission{Member{"ipProtocol", text},
                                 Member{"fromPort", text},
                                 Member{"toPort", text},
                                 Member{"ipRanges", structures, kRange},
                                 Member{"ipv6Ranges", structures, kRangeOf6},
                                 Member{"groups", structures, kGroupName},
                                 Member{"prefixListIds", structures, kPrefixList}};
constexpr std::array kGroup{Member{"groupId", text}, Member{"ipPermissions", structures, kPermission},
                            Member{"ipPermissionsEgress", structures, kPermission}};
constexpr std::array kGroups{Member{"securityGroupInfo", structures, kGroup}};

struct Operation {
  Service service;
  std::string_view name;
  std::span<const Member> members;
};

constexpr std::array kOperations{
    Operation{Service::ecs, "ListTasks", kTaskList},
    Operation{Service::ecs, "DescribeTasks", kTasks},
    Operation{Service::ecs, "RunTask", kTasks},
    Operation{Service::ecs, "StopTask", kOneTask},
    Operation{Service::ecs, "ExecuteCommand", kExec},
    Operation{Service::ecs, "DescribeTaskDefinition", kOneDefinition},
    Operation{Service::ecs, "RegisterTaskDefinition", kOneDefinition},
    Operation{Service::ecs, "ListTaskDefinitions", kDefinitionList},
    Operation{Service::ecs, "DescribeClusters", kClusters},
    Operation{Service::ecs, "DescribeServices", kServices},
    Operation{Service::ecs, "UpdateService", kOneService},
    Operation{Service::logs, "GetLogEvents", kLogEvents},
    Operation{Service::logs, "FilterLogEvents", kLogEvents},
    Operation{Service::logs, "DescribeLogGroups", kLogGroups},
    Operation{Service::ssm, "ResumeSession", kResumed},
    Operation{Service::ssm, "DescribeSessions", kSessions},
    Operation{Service::kms, "GenerateDataKey", kDataKey},
    Operation{Service::sts, "GetCallerIdentity", kIdentity},
    Operation{Service::sts, "AssumeRole", kAssumed},
    Operation{Service::sts, "AssumeRoleWithWebIdentity", kAssumed},
    Operation{Service::iam, "GetRole", kOneRole},
    Operation{Service::iam, "GetPolicy", kOnePolicy},
    Operation{Service::iam, "GetPolicyVersion", kOnePolicyVersion},
    Operation{Service::iam, "GetRolePolicy", kRolePolicy},
    Operation{Service::iam, "ListAttachedRolePolicies", kAttachedPolicies},
    Operation{Service::iam, "ListRolePolicies", kPolicyNames},
    Operation{Service::iam, "SimulatePrincipalPolicy", kEvaluations},
    Operation{Service::ec2, "DescribeSubnets", kSubnets},
    Operation{Service::ec2, "DescribeRouteTables", kRouteTables},
    Operation{Service::ec2, "DescribeVpcEndpoints", kEndpoints},
    Operation{Service::ec2, "DescribeNetworkInterfaces", kInterfaces},
    Operation{Service::ec2, "DescribeSecurityGroups", kGroups},
};

// A member that does not fit: where it stands, and what belongs there.
struct Misfit {
  std::string place;
  std::string found;
};

std::string_view name_of(Type type) {
  switch (type) {
    case text:
      return "a text";
    case flag:
      return "true or false";
    case integer:
      return "an integer of 32 bits";
    case long_integer:
      return "an integer";
    case time:
      return "a time";
    case texts:
      return "a list of texts";
    case structure:
      return "a structure";
    case structures:
      break;
  }
  return "a list of structures";
}

std::string_view name_of(json::kind kind) {
  switch (kind) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "true or false";
    case json::kind::string:
      return "a text";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "a structure";
    default:
      return "a number";
  }
}

bool is_time(const json::value& value) {
  constexpr double kYear10000 = 253'402'300'800;
  if (!value.is_number()) return false;
  boost::system::error_code error;
  const auto at = value.to_number<double>(error);
  return !error && std::isfinite(at) && at >= 0 && at < kYear10000;
}

bool fits_32_bits(const json::value& value) {
  const std::int64_t* number = value.if_int64();
  return number != nullptr && *number >= std::numeric_limits<std::int32_t>::min() &&
         *number <= std::numeric_limits<std::int32_t>::max();
}

class Check {
 public:
  // In XML nothing tells an empty list or structure from an empty text.
  explicit Check(bool is_xml) : is_xml_(is_xml) {}

  // What is wrong, an empty place where nothing is.
  [[nodiscard]] Misfit of(const json::object& object, std::span<const Member> members,
                          const std::string& place) const {
    for (const Member& member : members) {
      const json::value* value = object.if_contains(member.name);
      if (value == nullptr || value->is_null()) continue;
      const std::string at = fmt::format("{}{}{}", place, place.empty() ? "" : ".", member.name);
      Misfit misfit = of(*value, member, at);
      if (!misfit.place.empty()) return misfit;
    }
    return {};
  }

 private:
  [[nodiscard]] Misfit of(const json::value& value, const Member& member, const std::string& at) const {
    const bool is_composed = member.type >= texts;
    if (is_composed && is_xml_ && value.is_string() && trim(value.get_string()).empty()) return {};
    const bool is_list = member.type == texts || member.type == structures;
    if (is_list && value.is_array()) return of_elements(value.get_array(), member, at);
    if (member.type == structure && value.is_object()) return of(value.get_object(), member.members, at);
    if (!is_composed && fits(value, member.type)) return {};
    return {.place = at,
            .found = fmt::format("{} where {} belongs", name_of(value.kind()), name_of(member.type))};
  }

  [[nodiscard]] Misfit of_elements(const json::array& list, const Member& member,
                                   const std::string& at) const {
    const Member element{
        .name = {}, .type = member.type == texts ? text : structure, .members = member.members};
    for (std::size_t index = 0; index < list.size(); ++index) {
      Misfit misfit = of(list[index], element, fmt::format("{}[{}]", at, index));
      if (!misfit.place.empty()) return misfit;
    }
    return {};
  }

  static bool fits(const json::value& value, Type type) {
    switch (type) {
      case text:
        return value.is_string();
      case flag:
        return value.is_bool();
      case integer:
        return fits_32_bits(value);
      case long_integer:
        return value.is_int64();
      case time:
        return is_time(value);
      default:
        return false;
    }
  }

  bool is_xml_;
};

}  // namespace

Result<> check_answer(Service service, std::string_view operation, const json::object& answer) {
  const auto* known = std::ranges::find_if(
      kOperations, [&](const Operation& one) { return one.service == service && one.name == operation; });
  if (known == kOperations.end()) return {};
  const bool is_xml = service == Service::sts || service == Service::iam || service == Service::ec2;
  const Misfit misfit = Check(is_xml).of(answer, known->members, {});
  if (misfit.place.empty()) return {};
  return fail(FailureCode::protocol,
              fmt::format("{} {}: the answer has no usable {}: {}", service_name(service), operation,
                          misfit.place, misfit.found),
              "check that the endpoint is the service's own");
}

}  // namespace ferry::aws
