// SPDX-License-Identifier: MIT
// Images with bytes changed at will, their checksums put right again: what passes the first look is assembled and used.
//
// Input: the home of the bitmap, then changes: where (2 bits of the first byte say which, the others how many bytes),
// 2 bytes how far in, and the bytes. So a fuzzer reaches each field of each kind of metadata by a few bytes. Disks of
// IMSM are a target of their own.
#include <zlib.h>

#include <array>

#include "engine/look/snapshot.hpp"
#include "engine/md/format/bytes.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/mdadm/imsm/read.hpp"
#include "engine/mdadm/imsm/state.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/sim_array.hpp"

namespace mdscope::fuzz {

namespace {

using testing::SimArray;

constexpr std::array<const char*, 3> kImageHomes{"internal", "external", "file"};
constexpr const char* kImages[] = {"lab/sda.img", "lab/sdb.img"};
constexpr std::uint64_t kSuperAt = 4096, kBitmapAt = 8192;

class Reader {
   public:
    explicit Reader(Input input) : rest_(input) {}
    [[nodiscard]] bool is_empty() const { return rest_.empty(); }
    std::size_t number() {
        if (rest_.empty()) return 0;
        const std::size_t value = rest_.front();
        rest_ = rest_.subspan(1);
        return value;
    }
    Input bytes(std::size_t count) {
        const Input taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

   private:
    Input rest_;
};

void change_sidecar(SimKernel& kernel, std::size_t at, Input bytes) {
    auto files = kernel.files();
    const auto sidecar = files.find(container_path("lab"));
    if (sidecar == files.end()) return;
    std::string& text = sidecar->second;
    if (const std::size_t sum = text.find(",\n  \"checksum\""); sum != std::string::npos)
        text.erase(sum, text.find('\n', sum + 2) - sum);  // as a person would, who edits it
    for (const std::uint8_t byte : bytes) text[at++ % text.size()] = static_cast<char>(byte);
    kernel.set_files(std::move(files));
}

void change(SimKernel& kernel, const std::string& home, Reader& reader) {
    const std::size_t head = reader.number();
    const std::size_t at = reader.number() | reader.number() << 8;
    const Input bytes = reader.bytes(1 + head / 4 % 16);
    const std::size_t place = head % 4;
    if (place == 3) return change_sidecar(kernel, at, bytes);
    RamImage* image = kernel.find_ram_disk(kImages[place % 2]);
    std::uint64_t begin = home == "external" ? 0 : kSuperAt;
    if (place == 2) {  // a bitmap header
        if (home == "file") image = kernel.find_ram_disk("lab/bitmap");
        begin = home == "file" ? 0 : kBitmapAt;
    }
    image->store(begin + at % 4096, std::as_bytes(bytes));
}

void put_checksums_right(RamImage& image) {
    std::array<std::byte, kPageSize> page{};
    image.read(kSuperAt, page);
    if (has_super_1_magic(page)) {
        put_le(std::span<std::byte>(page), 216, calc_sb_1_csum(page));
        image.store(kSuperAt, page);
    }
    image.read(0, page);
    if (!has_label_magic(page)) return;
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(page.data()), 508);
    put_le(std::span<std::byte>(page), 508, static_cast<std::uint32_t>(sum));
    image.store(0, page);
}

void use(SimArray& lab, std::uint64_t member_bytes = 2ULL << 20) {
    lab.settle();
    const std::uint64_t size = lab.array.size_bytes();
    must(size <= member_bytes, "an array is no larger than its members");
    std::vector<std::byte> page(kPageSize, std::byte{1});
    for (const std::uint64_t at : {std::uint64_t{0}, size - std::min<std::uint64_t>(size, kPageSize)}) {
        (void)lab.run([&] { return lab.array.write(at, page, false); });
        (void)lab.run([&] { return lab.array.read(at, page); });
    }
    lab.settle();
    (void)snapshot_json(lab.array);
    std::string why;
    (void)lab.run([&] { return lab.array.stop(false, &why); });
}

// ---- IMSM

// At rest; or while sdb is rebuilt, which takes a block of two sectors.
LabPlan imsm_plan(bool rebuilds) {
    LabPlan plan = SimArray::planned(SimArray::small("imsm"));
    if (!rebuilds) return plan;
    for (PlannedFile& file : plan.files) {
        const ImsmAnchor anchor = *decode_imsm(file.pieces.back().bytes);
        Container state = imsm_state(anchor, 0);
        state.members[1].state = "rebuilding";
        state.members[1].recovery_start = kImsmCheckpointUnit;
        const auto block = encode_imsm(imsm_with_state(anchor, 0, state, {}));
        const std::span<const std::byte> bytes = block;
        const auto first = bytes.first(kSectorSize), extended = bytes.subspan(kSectorSize);
        file.pieces.back().bytes.assign(first.begin(), first.end());
        file.pieces.push_back({file.size - 3 * kSectorSize, {extended.begin(), extended.end()}});
    }
    return plan;
}

// The block's bytes as they follow each other: its second sector lies in front of the first.
void change_block(RamImage& image, std::size_t at, Input bytes) {
    for (const std::uint8_t byte : bytes) {
        const std::uint64_t sector = image.size_bytes() / kSectorSize - 2 - at / kSectorSize % 2;
        const std::byte one{byte};
        image.store(sector * kSectorSize + at % kSectorSize, std::span(&one, 1));
        at++;
    }
}

void change_imsm(SimKernel& kernel, Reader& reader) {
    const std::size_t head = reader.number();
    const std::size_t at = reader.number() | reader.number() << 8;
    const Input bytes = reader.bytes(1 + head / 4 % 16);
    const std::size_t place = head % 4;  // sda, sdb, both; a bitmap header
    for (std::size_t i = 0; i < 2; i++) {
        RamImage& image = *kernel.find_ram_disk(kImages[i]);
        if (place == i || place == 2) change_block(image, at, bytes);
    }
    constexpr std::uint64_t kVolume = 384 << 10;
    const std::uint64_t header = kVolume + kImsmBitmapHeader * kSectorSize;
    if (place == 3) kernel.find_ram_disk(kImages[at % 2])->store(header + at / 2 % 64, std::as_bytes(bytes));
}

void put_imsm_sum_right(RamImage& image) {
    const auto block = read_imsm_block(image.size_bytes() / kSectorSize, [&](auto sector, auto bytes) {
        image.read(sector * kSectorSize, bytes);
        return 0;
    });
    if (!block || block->empty()) return;
    const auto size = get_le<std::uint32_t>(*block, 0x24);
    if (size % 4 != 0) return;
    std::array<std::byte, 4> sum{};
    put_le(std::span<std::byte>(sum), 0, imsm_checksum(std::span(*block).first(size)));
    image.store(image.size_bytes() - 2 * kSectorSize + 0x20, sum);
}

}  // namespace

// Input: whether it is in a rebuild, then changes as above. Whoever is missing, it is to be run.
void feed_imsm_images(Input input) {
    Reader reader(input);
    static const std::array kPlans{imsm_plan(false), imsm_plan(true)};
    const LabPlan& plan = kPlans[reader.number() % kPlans.size()];
    SimArray lab(plan, "imsm");
    while (!reader.is_empty()) change_imsm(lab.kernel, reader);
    for (const char* image : kImages) put_imsm_sum_right(*lab.kernel.find_ram_disk(image));
    const bool is_started = lab.run([&] { return static_cast<bool>(lab.array.start(&lab.notes, true)); });
    if (is_started) use(lab, plan.files.front().size);
    must(lab.kernel.first_oops() == nullptr, "no disk of IMSM makes an Oops");
}

void feed_images(Input input) {
    Reader reader(input);
    const std::size_t home = reader.number() % kImageHomes.size();
    static const std::array kPlans{SimArray::planned(SimArray::small(kImageHomes[0])),
                                   SimArray::planned(SimArray::small(kImageHomes[1])),
                                   SimArray::planned(SimArray::small(kImageHomes[2]))};
    SimArray lab(kPlans[home], kImageHomes[home]);
    while (!reader.is_empty()) change(lab.kernel, kImageHomes[home], reader);
    for (const char* image : kImages) put_checksums_right(*lab.kernel.find_ram_disk(image));
    if (lab.start().empty()) use(lab);
    must(lab.kernel.first_oops() == nullptr, "no image makes an Oops");
}

}  // namespace mdscope::fuzz
