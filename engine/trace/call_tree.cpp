// SPDX-License-Identifier: MIT

#include "engine/trace/call_tree.hpp"

namespace mdscope::trace {

void CallTreeSink::enter(const char* name) {
    calls_.push_back({name, depth_++});
}

void CallTreeSink::leave(const char*) {
    if (depth_ > 0) depth_--;
}

void CallTreeSink::clear() {
    calls_.clear();
    depth_ = 0;
}

std::string CallTreeSink::text(const Names* only) const {
    std::string tree;
    std::vector<std::size_t> kept;  // depths of the printed calls around this one
    for (const Call& call : calls_) {
        while (!kept.empty() && kept.back() >= call.depth) kept.pop_back();
        if (only != nullptr && only->find(std::string_view(call.name)) == only->end()) continue;
        tree.append(2 * kept.size(), ' ').append(call.name).append("\n");
        kept.push_back(call.depth);
    }
    return tree;
}

}  // namespace mdscope::trace
