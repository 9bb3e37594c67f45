// SPDX-License-Identifier: MIT
// What oops_console.cpp and oops_story.cpp both need to know of an Oops.
#pragma once

#include "engine/museum/exhibit.hpp"

namespace mdscope {

museum::OopsFacts facts_of(const Mddev& mddev, const Oops& oops);

}  // namespace mdscope
