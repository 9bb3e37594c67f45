// SPDX-License-Identifier: MIT
// What md calls a member: its file without folder and ending, as long as that tells it from the others.
//
//   lab/sda.img lab/sdb.img            sda sdb
//   disk1/disk.img disk2/disk.img      disk1-disk disk2-disk
//
// Two members of one name cannot be in one array, and images that come from two machines are often called the same.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/kernel/disk.hpp"

namespace mdscope {

inline std::string member_name_with_folder(const std::string& path) {
    const std::string folder = std::filesystem::absolute(path).parent_path().filename().string();
    return folder.empty() ? disk_name(path) : folder + "-" + disk_name(path);
}

// In the order of the images.
inline std::vector<std::string> member_names(const std::vector<std::string>& images) {
    std::vector<std::string> names;
    for (const std::string& image : images) {
        const auto is_called_so = [&](const std::string& other) { return disk_name(other) == disk_name(image); };
        std::string name =
            std::ranges::count_if(images, is_called_so) == 1 ? disk_name(image) : member_name_with_folder(image);
        const std::string first = name;
        for (int number = 2; std::ranges::find(names, name) != names.end(); number++)
            name = first + "-" + std::to_string(number);
        names.push_back(std::move(name));
    }
    return names;
}

}  // namespace mdscope
