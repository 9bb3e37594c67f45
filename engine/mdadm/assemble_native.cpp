// SPDX-License-Identifier: MIT
// Which native images make an array together, by their superblocks.
//
// Two of them say how it is. The *freshest*, with the highest event count of those that have a slot: who has failed,
// and who is too old. And the *best*, the freshest of those that are in sync: it has the data. They differ only for the
// one superblock by which a member that is being rebuilt may be ahead of the one it is rebuilt from, when a crash came
// between the two writes. Taken for a witness of its own, it would call the only good member a stranger, which does not
// know it yet.
//
//   left out     more than one event behind the freshest; failed according to it; in sync, but with another history
//                than the best: it calls the best failed, or does not know it, or the best has another in its place
//   comes in     everybody else. Spares and members that are being rebuilt are copied to: nothing of theirs is read
//
// One event behind is what a crash leaves, so it is no reason. Being left out is a note, not an error: the others
// start, if nobody is missing whom the freshest knew as working (Assembly::missing).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/mdadm/assemble.hpp"

namespace mdscope {

namespace {

bool has_role(const MemberImage& c) {
    return c.sb.role() < MD_DISK_ROLE_MAX;
}

// By its own word, which counts where it says that it is not.
bool is_in_sync(const MemberImage& c) {
    return has_role(c) && (c.sb.feature_map & MD_FEATURE_RECOVERY_OFFSET) == 0;
}

std::uint16_t role_of(const Superblock1& in, const MemberImage& member) {
    return member.sb.dev_number < in.dev_roles.size() ? in.dev_roles[member.sb.dev_number] : MD_DISK_ROLE_SPARE;
}

const MemberImage& freshest_of(const std::vector<MemberImage>& all, bool (*counts)(const MemberImage&)) {
    return *std::ranges::max_element(all, {}, [&](const MemberImage& c) { return std::pair(counts(c), c.sb.events); });
}

// ---- of one array

Error not_of_one_array(const MemberImage& a, const MemberImage& b, const char* what, std::uint64_t in_a,
                       std::uint64_t in_b) {
    return Error{EINVAL, fmt::format("{} has {} {}, {} has {}: one of the two superblocks is not of this array, or "
                                     "damaged. Leave that image out (`mdscope examine` shows all fields)",
                                     a.stack->path, what, in_a, b.stack->path, in_b)};
}

// As compare_super1 of mdadm, which aborts the assembly. Size and number of slots can change; whoever is not at the
// same event may have missed that, and is judged by its age.
Result<bool> check_same_array(const std::vector<MemberImage>& all) {
    const MemberImage& first = all.front();
    const MemberImage& freshest = freshest_of(all, has_role);
    for (const MemberImage& c : all) {
        if (c.minor_version != first.minor_version)
            return Error{EINVAL, fmt::format("{} has metadata 1.{}, {} has 1.{}: they are not members of one array",
                                             first.stack->path, first.minor_version, c.stack->path, c.minor_version)};
        if (c.sb.set_uuid != first.sb.set_uuid)
            return Error{EINVAL,
                         fmt::format("{} belongs to array {}, {} to array {}: mount them separately", first.stack->path,
                                     format_uuid(first.sb.set_uuid), c.stack->path, format_uuid(c.sb.set_uuid))};
        const auto differ = [&](const char* what, std::uint64_t in_first, std::uint64_t in_c) {
            return not_of_one_array(first, c, what, in_first, in_c);
        };
        if (c.sb.ctime != first.sb.ctime) return differ("creation time", first.sb.ctime, c.sb.ctime);
        if (c.sb.layout != first.sb.layout) return differ("layout", first.sb.layout, c.sb.layout);
        if (c.sb.chunksize != first.sb.chunksize) return differ("chunk size", first.sb.chunksize, c.sb.chunksize);
        if (c.sb.events != freshest.sb.events) continue;
        if (c.sb.raid_disks != freshest.sb.raid_disks)
            return not_of_one_array(freshest, c, "raid_disks", freshest.sb.raid_disks, c.sb.raid_disks);
        if (c.sb.size != freshest.sb.size) return not_of_one_array(freshest, c, "size", freshest.sb.size, c.sb.size);
    }
    return true;
}

// ---- who stays out

// mdadm looks for its slot, too: a member that was never there is not faulty (0xfffe) but unknown (0xffff), and each of
// two halves that were used alone calls the other so.
bool knows_as_working(const Superblock1& in, const MemberImage& member) {
    return std::ranges::find(in.dev_roles, member.sb.role()) != in.dev_roles.end();
}

std::string other_history(const MemberImage& c, const MemberImage& best) {
    if (role_of(c.sb, best) == MD_DISK_ROLE_FAULTY)
        return fmt::format("ignoring {} as it reports {} as failed", c.stack->name, best.stack->name);
    if (!knows_as_working(c.sb, best))
        return fmt::format(
            "ignoring {}: it was used without {}, so the two have gone separate ways and each may have data that the "
            "other has not. Mount {} alone to save what only it has; then `add` it here, with a full recovery",
            c.stack->name, best.stack->name, c.stack->name);
    return "";
}

// A member that is being rebuilt may know of it one superblock earlier than the best does.
bool is_rebuilt_from(const MemberImage& c, const MemberImage& best) {
    if (c.sb.events > best.sb.events) return role_of(c.sb, best) == best.sb.role();
    return role_of(best.sb, c) == c.sb.role();
}

// Why this member stays out; empty: it comes in.
std::string why_left_out(const MemberImage& c, const MemberImage& best, const MemberImage& freshest) {
    if (!has_role(c)) return "";
    if (c.sb.events + 1 < freshest.sb.events)
        return fmt::format("kicking non-fresh {} from array! (events {}, the freshest has {}; `re-add` brings it back)",
                           c.stack->name, c.sb.events, freshest.sb.events);
    if (role_of(freshest.sb, c) == MD_DISK_ROLE_FAULTY)
        return fmt::format("{} is failed according to {}; `re-add` brings it back", c.stack->name,
                           freshest.stack->name);
    if (&c == &best) return "";
    if (is_in_sync(c)) {
        if (std::string other = other_history(c, best); !other.empty()) return other;
        if (role_of(best.sb, c) == c.sb.role()) return "";
        return fmt::format("ignoring {}: it left the array, according to {}; `add` takes it back", c.stack->name,
                           best.stack->name);
    }
    if (is_rebuilt_from(c, best)) return "";
    return fmt::format(
        "ignoring {}: it was being rebuilt from another member than {}; `add` takes it, with a full recovery",
        c.stack->name, best.stack->name);
}

// A number that was free is given again, so an old image may have it, too; and a copy of an image has the number of the
// image. Of two, the one that is left out, or nullptr: nobody can say which.
const MemberImage* without_number(const MemberImage& a, const MemberImage& b) {
    const auto rank = [](const MemberImage& c) { return std::tuple(is_in_sync(c), has_role(c), c.sb.events); };
    if (rank(a) == rank(b)) return nullptr;
    return rank(a) < rank(b) ? &a : &b;
}

Result<std::vector<std::string>> judge(const std::vector<MemberImage>& all) {
    const MemberImage& best = freshest_of(all, is_in_sync);
    const MemberImage& freshest = freshest_of(all, has_role);
    std::vector<std::string> why;
    for (const MemberImage& c : all) why.push_back(why_left_out(c, best, freshest));
    for (std::size_t i = 0; i < all.size(); i++) {
        for (std::size_t j = 0; j < i; j++) {
            if (all[i].sb.dev_number != all[j].sb.dev_number || !why[i].empty() || !why[j].empty()) continue;
            const MemberImage* const out = without_number(all[i], all[j]);
            if (out == nullptr)
                return Error{EINVAL, fmt::format("{} and {} are both member {} of the array, with the same event "
                                                 "count: one is a copy of the other. Leave it out",
                                                 all[j].stack->path, all[i].stack->path, all[i].sb.dev_number)};
            const MemberImage& in = out == &all[i] ? all[j] : all[i];
            why[out == &all[i] ? i : j] =
                fmt::format("ignoring {}: its number {} is that of {} now; `add` takes it, with a full recovery",
                            out->stack->name, out->sb.dev_number, in.stack->name);
        }
    }
    return why;
}

Error nobody_has_the_data(const std::vector<MemberImage>& all, const std::vector<std::string>& why) {
    const MemberImage& freshest = freshest_of(all, has_role);
    if (!has_role(freshest))
        return Error{EINVAL, fmt::format("{}: none of these images has a slot in the array, they are all spares",
                                         freshest.stack->path)};
    std::string text = fmt::format(
        "{} is the freshest of these images, but nothing here has all of the array's data: give the member that it "
        "was being rebuilt from, too",
        freshest.stack->path);
    for (const std::string& reason : why)
        if (!reason.empty()) text += "\n  " + reason;
    return Error{ENODEV, text};
}

// ---- who is missing

// Whom the freshest superblock knows as working, in sync or not, and does not come in.
std::vector<std::string> missing_of(const Superblock1& freshest, const std::vector<MemberImage>& members,
                                    const std::vector<std::string>& left_out) {
    std::vector<std::string> missing;
    for (std::size_t number = 0; number < freshest.dev_roles.size(); number++) {
        const std::uint16_t slot = freshest.dev_roles[number];
        if (slot >= freshest.raid_disks) continue;
        if (std::ranges::any_of(members, [&](const MemberImage& c) { return c.sb.dev_number == number; })) continue;
        missing.push_back(number < left_out.size() && !left_out[number].empty()
                              ? fmt::format("{} (slot {}), which is left out", left_out[number], slot)
                              : fmt::format("the member of slot {}, of which there is no image", slot));
    }
    return missing;
}

// mdadm --assemble binds the highest slot first, and last of all the first slot that is as fresh as any: md reads the
// bitmap from the member that was bound last.
void sort_for_md(std::vector<MemberImage>& members) {
    std::ranges::stable_sort(members,
                             [](const MemberImage& a, const MemberImage& b) { return a.sb.role() > b.sb.role(); });
    std::ranges::reverse(members);
    const auto chosen = std::ranges::max_element(
        members, {}, [](const MemberImage& c) { return std::pair(is_in_sync(c), c.sb.events); });
    std::rotate(members.begin(), chosen, chosen + 1);
    std::ranges::reverse(members);
}

}  // namespace

Result<Assembly> plan_native(std::vector<MemberImage> all) {
    if (auto same = check_same_array(all); !same) return same.error();
    Assembly plan;
    auto why = judge(all);
    if (!why) return why.error();
    const MemberImage& best = freshest_of(all, is_in_sync);
    if (!is_in_sync(best) || !(*why)[static_cast<std::size_t>(&best - all.data())].empty())
        return nobody_has_the_data(all, *why);

    plan.minor_version = all.front().minor_version;
    const Superblock1 freshest = freshest_of(all, has_role).sb;
    std::vector<std::string> left_out(kMaxRoles);  // names, by number
    for (std::size_t i = 0; i < all.size(); i++) {
        if ((*why)[i].empty()) {
            plan.members.push_back(std::move(all[i]));
            continue;
        }
        plan.notes.push_back("md: " + (*why)[i]);
        if (all[i].sb.dev_number < kMaxRoles) left_out[all[i].sb.dev_number] = all[i].stack->name;
    }
    plan.missing = missing_of(freshest, plan.members, left_out);
    sort_for_md(plan.members);
    return plan;
}

}  // namespace mdscope
