#include "local/api/cluster_operations.hpp"

#include "local/api/arn.hpp"
#include "operation_runner.hpp"

#include <memory>

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace ferry::local {
namespace {

class Clusters : public ::testing::Test {
 protected:
  Answer call(std::string_view operation, std::string_view input) {
    return run_operation(operations_, operation, input);
  }
  boost::json::value answer(std::string_view operation, std::string_view input) {
    auto result = call(operation, input);
    EXPECT_TRUE(result) << result.error().message;
    return result ? boost::json::value(*result) : boost::json::value();
  }
  std::string refusal(std::string_view operation, std::string_view input) {
    const auto result = call(operation, input);
    return result ? "accepted" : result.error().type;
  }
  void put_task(std::string_view cluster, std::string_view id, std::string_view status) {
    const std::string arn = task_arn("us-east-1", cluster, id);
    documents_.put(kTaskKind, arn, {{"taskArn", arn}, {"lastStatus", status}});
  }

  std::unique_ptr<Database> database_ = std::move(Database::open(":memory:").value());
  Documents documents_{*database_};
  Operations operations_ = cluster_operations(documents_, "us-east-1");
};

TEST_F(Clusters, AreCreatedOnceAndDescribed) {
  const auto created = answer("CreateCluster", R"({
    "clusterName": "prod", "tags": [{"key": "team", "value": "x"}],
    "settings": [{"name": "containerInsights", "value": "enabled"}],
    "configuration": {"executeCommandConfiguration": {"logging": "NONE"}}})");
  EXPECT_EQ(created.at("cluster").at("clusterArn"), "arn:aws:ecs:us-east-1:123456789012:cluster/prod");
  EXPECT_EQ(created.at("cluster").at("status"), "ACTIVE");
  answer("CreateCluster", R"({"clusterName": "prod"})");

  const auto plain = answer("DescribeClusters", R"({"clusters": ["prod"]})").at("clusters").at(0);
  EXPECT_TRUE(plain.at("tags").as_array().empty());
  EXPECT_FALSE(plain.as_object().contains("configuration"));
  const auto full = answer("DescribeClusters",
                           R"({"clusters": ["arn:aws:ecs:us-east-1:123456789012:cluster/prod"],
                               "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"]})")
                        .at("clusters")
                        .at(0);
  EXPECT_EQ(full.at("tags").at(0).at("key"), "team");
  EXPECT_EQ(full.at("settings").at(0).at("value"), "enabled");
  EXPECT_EQ(full.at("configuration").at("executeCommandConfiguration").at("logging"), "NONE");
}

TEST_F(Clusters, ThatAreMissingAreFailuresOfDescribe) {
  ensure_default_cluster(documents_, "us-east-1");
  const auto described = answer("DescribeClusters", R"({"clusters": ["nope", "default"]})");
  EXPECT_EQ(described.at("clusters").as_array().size(), 1U);
  EXPECT_EQ(described.at("failures").at(0).at("reason"), "MISSING");
  EXPECT_EQ(described.at("failures").at(0).at("arn"), "arn:aws:ecs:us-east-1:123456789012:cluster/nope");
  EXPECT_EQ(answer("DescribeClusters", "{}").at("clusters").at(0).at("clusterName"), "default");
}

TEST_F(Clusters, CountTheirTasksAndServices) {
  answer("CreateCluster", R"({"clusterName": "prod"})");
  put_task("prod", "1", "RUNNING");
  put_task("prod", "2", "PENDING");
  put_task("prod", "3", "STOPPED");
  put_task("prod-other", "4", "RUNNING");
  documents_.put(kServiceKind, service_arn("us-east-1", "prod", "web"), {{"status", "ACTIVE"}});
  const auto cluster = answer("DescribeClusters", R"({"clusters": ["prod"]})").at("clusters").at(0);
  EXPECT_EQ(cluster.at("runningTasksCount"), 1);
  EXPECT_EQ(cluster.at("pendingTasksCount"), 1);
  EXPECT_EQ(cluster.at("activeServicesCount"), 1);
}

TEST_F(Clusters, InUseAreNotDeleted) {
  answer("CreateCluster", R"({"clusterName": "prod"})");
  put_task("prod", "1", "RUNNING");
  EXPECT_EQ(refusal("DeleteCluster", R"({"cluster": "prod"})"), "ClusterContainsTasksException");
  const std::string service = service_arn("us-east-1", "prod", "web");
  documents_.put(kServiceKind, service, {{"status", "ACTIVE"}});
  EXPECT_EQ(refusal("DeleteCluster", R"({"cluster": "prod"})"), "ClusterContainsServicesException");
  put_task("prod", "1", "STOPPED");
  documents_.put(kServiceKind, service, {{"status", "INACTIVE"}});
  EXPECT_EQ(answer("DeleteCluster", R"({"cluster": "prod"})").at("cluster").at("status"), "INACTIVE");
  EXPECT_EQ(refusal("DeleteCluster", R"({"cluster": "prod"})"), "ClusterNotFoundException");
  EXPECT_TRUE(answer("ListClusters", "{}").at("clusterArns").as_array().empty());
  EXPECT_FALSE(find_cluster(documents_, "prod"));
  EXPECT_EQ(answer("CreateCluster", R"({"clusterName": "prod"})").at("cluster").at("status"), "ACTIVE");
}

TEST_F(Clusters, AreListedInPages) {
  for (const char* name : {"a", "b", "c"}) {
    answer("CreateCluster", std::string(R"({"clusterName": ")") + name + "\"}");
  }
  const auto first = answer("ListClusters", R"({"maxResults": 2})");
  EXPECT_EQ(first.at("clusterArns").as_array().size(), 2U);
  boost::json::object next{{"nextToken", first.at("nextToken")}};
  const auto second = answer("ListClusters", boost::json::serialize(next));
  EXPECT_EQ(second.at("clusterArns"),
            boost::json::parse(R"(["arn:aws:ecs:us-east-1:123456789012:cluster/c"])"));
  EXPECT_FALSE(second.as_object().contains("nextToken"));
}

TEST_F(Clusters, RefuseBadInput) {
  EXPECT_EQ(refusal("CreateCluster", R"({"clusterName": "a b"})"), "InvalidParameterException");
  EXPECT_EQ(refusal("CreateCluster", R"({"clusterName": 7})"), "SerializationException");
  EXPECT_EQ(refusal("DeleteCluster", "{}"), "InvalidParameterException");
}

}  // namespace
}  // namespace ferry::local
