// Roles' credentials between commands, in the files that the AWS CLI keeps them in: either uses what the
// other has kept. A file's name is a digest of what was asked for, not of who asked.
#pragma once

#include "aws/credential_source.hpp"
#include "aws/observer.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace ferry::aws {

// Where that source's credentials are kept; empty where there is no home folder, or the CLI's name for the
// file cannot be told (text beyond ASCII). Pure.
std::string cache_path_of(const AssumedRoleSource& role, const Environment& environment);
std::string cache_path_of(const WebIdentitySource& identity, const Environment& environment);
// `session` names the sso-session, and where there is none `start_url` counts.
std::string cache_path_of(const IdentityCenterSource& center, const std::string& session,
                          const std::string& start_url, const Environment& environment);

// Those that are kept there and last for fifteen minutes more, which is the CLI's measure. Nothing where
// there are none, or the file says nothing that can be understood.
std::optional<Credentials> kept_credentials(const std::string& path, WallTime now, Observer& observer);

// Entries as the CLI writes them: STS's answer to AssumeRole or its like, and one of IAM Identity Center.
boost::json::object cache_entry(boost::json::object sts_answer);
boost::json::object cache_entry(const IdentityCenterSource& center, const Credentials& credentials);

// Replaces the file as a whole, mode 0600; folders that are missing get 0700. Credentials without an end are
// not kept, as they would be forever. Failure: the file cannot be written, or others can write into its
// folder.
Result<> keep_credentials(const std::string& path, const boost::json::object& entry);

}  // namespace ferry::aws
