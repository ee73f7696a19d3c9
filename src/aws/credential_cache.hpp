// Roles' credentials between commands, in the files that the AWS CLI keeps them in: either uses what the
// other has kept. A file's name is a digest of what was asked for, not of who asked.
#pragma once

#include "aws/credential_source.hpp"
#include "aws/observer.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace ferry::aws {

// The name of the file that the CLI keeps that source's credentials in; empty for other sources than roles
// (assumed, by web identity, of IAM Identity Center), and where the name cannot be told: text beyond ASCII.
// Reads a web identity's token, which is part of it.
std::string cache_file_name(const CredentialSource& source);

// Those that are kept there and last for fifteen minutes more, which is the CLI's measure. Nothing where
// there are none, or the file says nothing that can be understood.
std::optional<Credentials> kept_credentials(const std::string& path, WallTime now, Observer& observer);

// Entries as the CLI writes them: STS's answer to AssumeRole or its like, and one of IAM Identity Center.
boost::json::object cache_entry(boost::json::object sts_answer);
boost::json::object cache_entry(const IdentityCenterSource& center, const Credentials& credentials);

// Replaces FOLDER/NAME as a whole, mode 0600; folders that are missing get 0700. Credentials without an end
// are not kept, as they would be forever. Failure: the file cannot be written, or others can write into its
// folder.
Result<> keep_credentials(const std::string& path, const boost::json::object& entry);

}  // namespace ferry::aws
