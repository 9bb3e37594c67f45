#pragma once
#include <string>
#include "engine/md/md.hpp"
namespace mdscope {
std::string oops_console(const Mddev& mddev, const Oops& oops);
}
