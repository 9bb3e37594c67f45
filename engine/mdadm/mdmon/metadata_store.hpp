// SPDX-License-Identifier: MIT
// Where mdmon keeps what it knows of an array: the one thing in which kinds of external metadata differ for it.
#pragma once

#include <cstdint>
#include <string>

#include "engine/kernel/kernel.hpp"
#include "engine/kernel/result.hpp"
#include "engine/mdadm/container.hpp"

namespace mdscope {

class MetadataStore {
   public:
    virtual ~MetadataStore() = default;
    [[nodiscard]] virtual const std::string& name() const = 0;  // for the log
    // Whether it can be said in this kind of metadata.
    [[nodiscard]] virtual bool can_hold(const Container& container) const = 0;
    // Whether what it claims of the members is flushed first.
    [[nodiscard]] virtual bool wants_flushes() const { return true; }
    // Makes it durable, and `next.generation` the number of what was written. What it claims of the members has been
    // flushed. A member on which it cannot be written may be failed for it, in md and in `next`. From mdmon's task.
    virtual Result<bool> write(Container& next) = 0;
    // What it knows between two writes beyond the container, as a number (see Mdmon::knowledge).
    [[nodiscard]] virtual std::uint64_t knowledge() const = 0;
};

// external:lab: one file, replaced in one piece.
class SidecarStore final : public MetadataStore {
   public:
    SidecarStore(Kernel& kernel, std::string path) : kernel_(kernel), path_(std::move(path)) {}
    [[nodiscard]] const std::string& name() const override { return path_; }
    [[nodiscard]] bool can_hold(const Container& container) const override {
        return static_cast<bool>(container_from_json(container_to_json(container)));
    }
    Result<bool> write(Container& next) override { return kernel_.replace_file(path_, container_file_text(next)); }
    [[nodiscard]] std::uint64_t knowledge() const override { return 0; }

   private:
    Kernel& kernel_;
    const std::string path_;
};

}  // namespace mdscope
