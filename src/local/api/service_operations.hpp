// CreateService, UpdateService, DescribeServices, ListServices and DeleteService. They change the stored
// document and wake the scheduler, which starts and stops the tasks.
#pragma once

#include "local/api/operation.hpp"
#include "local/store/documents.hpp"
#include "local/tasks/service_scheduler.hpp"

#include <string>

namespace ferry::local {

Operations service_operations(Documents& documents, ServiceScheduler& scheduler, std::string region);

}  // namespace ferry::local
