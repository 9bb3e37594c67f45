// Which images make an array together.
//
// Goal: two images that each have data the other lacks are never shown as one mirror, and an image that cannot be used
// never keeps the others from being used. Method: whole labs on image files, taken apart and put together as a person
// would.
#include "engine/md/assemble.hpp"

#include <algorithm>
#include <fstream>

#include "tests/md/lab.hpp"

namespace mdscope::test {

namespace {

CreateOptions small_native() {
    CreateOptions create;
    create.size_bytes = 16ULL << 20;
    create.bitmap = "internal";
    return create;
}

void use(Lab& lab, const std::vector<std::string>& images, std::uint64_t offset, const std::string& text) {
    std::string why;
    lab.array.reset();
    lab.options.images = images;
    lab.start();
    if (!text.empty()) CHECK(lab.write(offset, text));
    REQUIRE_MESSAGE(lab.array->stop(false, &why) == 0, why);
}

}  // namespace

TEST_CASE("two halves of a mirror that were used alone are not merged, neither by an assembly nor by a re-add") {
    Lab lab(small_native());
    const std::vector<std::string> both = lab.options.images;
    const std::string a(4096, 'A');
    const std::string b(4096, 'B');
    use(lab, both, 0, "");
    use(lab, {both[0]}, 0, a);
    use(lab, {both[1]}, 8192, b);
    lab.array.reset();
    lab.options.images = both;
    lab.start();
    CHECK(lab.md().degraded == 1);
    CHECK(rdev_list(lab.md()).size() == 1);
    CHECK(lab.log_lines("have gone separate ways") == 1);
    std::string why;
    const std::string left_out = rdev_list(lab.md()).front()->name == "sda" ? "sdb" : "sda";
    CHECK(lab.array->re_add(left_out, &why) == -EINVAL);
    CHECK(why.find("used without") != std::string::npos);
    REQUIRE_MESSAGE(lab.array->add(left_out, &why) == 0, why);
    CHECK(lab.eventually([&] { return lab.md().degraded == 0 && lab.show("sync_action") == "idle"; }));
    CHECK(lab.store("sync_action", "check") == 0);
    CHECK(lab.eventually([&] { return lab.show("sync_action") == "idle"; }));
    CHECK(lab.show("mismatch_cnt") == "0");
}

TEST_CASE("a native member that was only missing is taken back by the bitmap") {
    Lab lab(small_native());
    const std::vector<std::string> both = lab.options.images;
    use(lab, {both[0]}, 0, std::string(4096, 'A'));
    lab.array.reset();
    lab.options.images = both;
    lab.start();
    CHECK(lab.md().degraded == 1);
    std::string why;
    REQUIRE_MESSAGE(lab.array->re_add("sdb", &why) == 0, why);
    CHECK(lab.eventually([&] { return lab.md().degraded == 0 && lab.show("sync_action") == "idle"; }));
}

}  // namespace mdscope::test
