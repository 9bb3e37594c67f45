// SPDX-License-Identifier: MIT
// One sentence about what an array, or both, is up to: whether it waits, for what, and what will happen if it does not.
#pragma once

#include "engine/story/tell/scene.hpp"

namespace mdscope {

// One array or both, with the verbs that belong to it.
struct Subject {
    std::string name;  // "A", "Both arrays"
    bool is_plural;
    [[nodiscard]] std::string in() const { return is_plural ? "both arrays" : name; }
    [[nodiscard]] const char* verb(const char* singular, const char* plural) const {
        return is_plural ? plural : singular;
    }
};

std::string situation(const Scene& scene, const Subject& subject);

}  // namespace mdscope
