// Sandboxes that an endpoint left behind whose guards were killed with it.
#pragma once

#include <string>
#include <string_view>

namespace ferry::local {

// What the sandboxes of an endpoint with that data folder (absolute) carry as their programs' name, so that
// the next one of the folder knows them; for one without a folder, whose sandboxes nobody looks for, a name
// that all such have.
std::string sandbox_mark(std::string_view data_folder);

// Ends the processes of that mark that are ours to end. The folder's lock must be held, so that none is in
// use.
void end_leftovers(std::string_view mark);

}  // namespace ferry::local
