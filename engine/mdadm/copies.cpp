// SPDX-License-Identifier: MIT

#include "engine/mdadm/copies.hpp"

#include <fmt/format.h>

#include "engine/kernel/shown.hpp"
#include "engine/mdadm/label_stamp.hpp"

namespace mdscope {

namespace {

Error cannot_tell(const MemberImage& a, const MemberImage& b) {
    return {EEXIST, fmt::format("{} and {} are copies of one member, and nothing says which of them is the right one. "
                                "Move one of them away, or name the images to be used: mdscope mount IMAGE... MNT",
                                shown(a.stack->path), shown(b.stack->path))};
}

std::string is_a_copy(const MemberImage& copy, const MemberImage& original) {
    return fmt::format("md: {} is a copy of {}, and stays out", shown(copy.stack->path), shown(original.stack->path));
}

// Which of the two is the copy; nullptr: it cannot be told.
using Judge = const MemberImage* (*)(const Container&, const MemberImage&, const MemberImage&);
using Same = bool (*)(const MemberImage&, const MemberImage&);

Result<bool> leave_out(const Container& container, std::vector<MemberImage>& all, Same same, Judge copy_of,
                       std::vector<std::string>& notes) {
    for (std::size_t i = 0; i < all.size(); i++)
        for (std::size_t j = i + 1; j < all.size();) {
            if (!same(all[i], all[j])) {
                j++;
                continue;
            }
            const MemberImage* const copy = copy_of(container, all[i], all[j]);
            if (copy == nullptr) return cannot_tell(all[i], all[j]);
            const bool is_first = copy == &all[i];
            notes.push_back(is_a_copy(*copy, is_first ? all[j] : all[i]));
            if (is_first) std::swap(all[i], all[j]);
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(j));
        }
    return true;
}

bool has_same_label(const MemberImage& a, const MemberImage& b) {
    return a.label->member_uuid == b.label->member_uuid;
}

const MemberImage* old_or_renamed(const Container& container, const MemberImage& a, const MemberImage& b) {
    const ContainerMember* const member = find_member(container, a.label->member_uuid);
    if (member == nullptr) return &b;  // neither comes in
    if (!is_label_on_record(*member, *a.label)) return &a;
    if (!is_label_on_record(*member, *b.label)) return &b;
    const auto has_its_name = [&](const MemberImage& image) { return sidecar_name(image.stack->name) == member->name; };
    if (has_its_name(a) == has_its_name(b)) return nullptr;
    return has_its_name(a) ? &b : &a;
}

}  // namespace

Result<bool> leave_out_external_copies(const Container& container, std::vector<MemberImage>& all,
                                       std::vector<std::string>& notes) {
    return leave_out(container, all, has_same_label, old_or_renamed, notes);
}

}  // namespace mdscope
