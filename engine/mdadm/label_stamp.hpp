// SPDX-License-Identifier: MIT
// How an old copy of one image is recognised: each use of an external:lab array leaves its own number in the labels.
//
//   labels:  each is read                           label = what is there, if the sidecar knows it
//   sidecar: next = N, for those that were read     (durable)
//   labels:  N                                      (durable)
//   sidecar: label = N, next = 0
//
// This is done when an array starts, before it can be written to, and when it was stopped after it had been written to.
// Killed in between, a member's label has either number, and either is accepted. That is why each is read first: of a
// stamping that was cut short, or that the sidecar was not told the end of, either number may be there, and the one
// that is must not be forgotten for a third. So what is found at the next assembly means:
//
//   neither number                          an old copy, or a stranger: it stays out, and only `add` takes it
//   a number, but others have newer ones    it was missing when the array was used without it: `re-add` takes it
//
// The last step of a start need not be durable by itself: the sidecar that says dirty, before the first write, brings
// it. A copy made while the array runs is taken for the member if the array is never stopped before it is put back
// (kill -9).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/mdadm/container.hpp"

namespace mdscope {

// The number of the last use.
[[nodiscard]] std::uint64_t newest_label(const Container& container);
// The label is the one that the sidecar knows of.
[[nodiscard]] bool is_label_on_record(const ContainerMember& member, const LabLabel& label);
// The array was used without this member. (While labels are being written it may be that none has the new number yet.)
[[nodiscard]] bool missed_last_use(const Container& container, const ContainerMember& member);
// Why an image stays out of an assembly; empty: it may come in.
[[nodiscard]] std::string why_label_is_refused(const Container& container, const ContainerMember& member,
                                               const LabLabel& label, const std::string& name);

// The steps; the last one in memory only, unless `finish`. False: the sidecar could not be written. Whatever fails, the
// members that were accepted before still are. From a task; nobody else writes the sidecar meanwhile.
bool stamp_labels(Kernel& kernel, Container& container, const std::string& sidecar_path,
                  const std::vector<Disk*>& disks, bool finish);

// 0 or -errno.
[[nodiscard]] int read_label(Kernel& kernel, Disk& disk, LabLabel& label);
[[nodiscard]] int write_label(Kernel& kernel, Disk& disk, const LabLabel& label);
// Changes the label that is there.
[[nodiscard]] int edit_label(Kernel& kernel, Disk& disk, const std::function<void(LabLabel&)>& edit);
[[nodiscard]] int write_label_generation(Kernel& kernel, Disk& disk, std::uint64_t generation);

}  // namespace mdscope
