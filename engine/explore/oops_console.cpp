#include "engine/explore/oops_console.hpp"
namespace mdscope {
std::string oops_console(const Mddev&, const Oops& oops) { return oops.what; }
}
