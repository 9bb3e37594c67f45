// SPDX-License-Identifier: MIT
// An array whose images are open read-only.
//
// Goal: nothing is written, and nobody is failed because it could not be. The bug: loading a bitmap writes its header;
// EROFS failed every member but one, and kept an array with a bitmap file from starting.
#include "engine/md/bitmap/bitmap.hpp"
#include "tests/md/native_images.hpp"

namespace mdscope::test {

static const std::string kBefore(4096, 'b');

TEST_CASE("assembled read-only nothing is written and nobody is failed, whatever the bitmap would like to write") {
    for (const char* home : {"internal", "file", "none"}) {
        for (const bool stale : {false, true}) {
            CAPTURE(home);
            CAPTURE(stale);
            CreateOptions create = small_home(home);
            create.members = 3;
            Lab lab(create);
            CHECK(lab.write(0, kBefore));
            stop(lab);
            lab.array.reset();
            const std::string& image = lab.options.images[0];
            // Marks that were left over on a clean array: the daemon would clear them.
            const bool is_file = std::string(home) == "file";
            const std::string first = is_file ? lab.options.bitmap_file : image;
            const std::uint64_t at = is_file ? 0 : kBitmapByte;
            if (std::string(home) != "none") {
                PageBytes page = page_of(first, at);
                page[kBitmapSuperSize] = std::byte{0xff};
                put_page(first, at, std::span(page).first(kBitmapSuperSize + 1));
                if (stale)
                    edit_bitmap_header(
                        first, [](BitmapSuper& sb) { sb.events = 0; }, at);
            }
            const PageBytes super_before = page_of(image, kSuperByte);
            const PageBytes bitmap_before = page_of(first, at);
            lab.options.read_only = true;
            lab.start();
            CHECK(lab.md().degraded == 0);
            for (int run = 0; run < 3; run++) {
                if (Bitmap* bitmap = lab.md().bitmap; bitmap != nullptr) bitmap->daemon_lastrun = 0;
                md_bitmap_daemon_work(lab.md());
            }
            CHECK(lab.md().degraded == 0);
            CHECK(lab.log_lines("Disk failure") == 0);
            CHECK(lab.read(0, 4096) == kBefore);
            stop(lab);
            lab.array.reset();
            CHECK(page_of(image, kSuperByte) == super_before);
            CHECK(page_of(first, at) == bitmap_before);
        }
    }
}

}  // namespace mdscope::test
