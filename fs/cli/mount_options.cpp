// SPDX-License-Identifier: MIT

#include "fs/cli/mount_options.hpp"

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "fs/mount/uring/support.hpp"

namespace mdscope {

namespace {

// Every word there is.
struct OptionWord {
    const char* text;
    Uring uring;
};
constexpr OptionWord kOptionWords[] = {
    {"uring=auto", Uring::Auto},
    {"uring=on", Uring::On},
    {"uring=off", Uring::Off},
};

std::string all_words() {
    std::string text;
    for (const OptionWord& word : kOptionWords) text += (text.empty() ? "" : ", ") + std::string(word.text);
    return text;
}

Result<bool> take_words(const std::string& text, MountOptions& options) {
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) {
        bool known = false;
        for (const OptionWord& row : kOptionWords) {
            if (word != row.text) continue;
            options.uring = row.uring;
            known = true;
        }
        if (!known) return Error{EINVAL, "'" + word + "' is no mount option; there are " + all_words()};
    }
    return true;
}

}  // namespace

Result<MountOptions> mount_options(const std::string& text) {
    MountOptions options;
    const char* environment = std::getenv("MDSCOPE_MOUNT_OPTIONS");
    for (const std::string& words : {std::string(environment == nullptr ? "" : environment), text})
        if (const Result<bool> taken = take_words(words, options); !taken) return taken.error();
    return options;
}

std::string mount_options_text() {
    return "uring=on: requests come over io_uring (Linux 6.14 and later, where root has turned it on); off: they are "
           "read "
           "from /dev/fuse. auto is off for now: on is new. MDSCOPE_MOUNT_OPTIONS in the environment says the same to "
           "every command that mounts";
}

// Auto is off until this way has been served as long as the other.
Result<bool> over_uring(const MountOptions& options) {
    if (options.uring != Uring::On) return false;
    const std::string why = uring::why_not();
    if (!why.empty()) return Error{EOPNOTSUPP, "uring=on: " + why};
    return true;
}

}  // namespace mdscope
