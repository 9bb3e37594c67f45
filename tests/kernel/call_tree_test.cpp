// SPDX-License-Identifier: MIT
// The call tree of a task, whole and filtered.
#include "engine/trace/call_tree.hpp"

#include <doctest/doctest.h>

namespace mdscope::test {

namespace {
void leaf() {
    MD_FRAME("md_super_wait");
}
void middle() {
    MD_FRAME("md_bitmap_wait_writes");
    leaf();
    leaf();
}
void root() {
    MD_FRAME("md_bitmap_flush");
    middle();
    leaf();
}
}  // namespace

TEST_CASE("a call tree is printed as it was called; children of a left-out function move up") {
    trace::Context context;
    trace::CallTreeSink sink;
    trace::context = &context;
    {
        MD_FRAME("before");  // Entered before the sink came: it is not in the tree, nor does its exit matter.
        context.sink = &sink;
        root();
    }
    root();
    context.sink = nullptr;
    root();
    trace::context = nullptr;
    const std::string once =
        "md_bitmap_flush\n"
        "  md_bitmap_wait_writes\n"
        "    md_super_wait\n"
        "    md_super_wait\n"
        "  md_super_wait\n";
    CHECK(sink.text() == once + once);
    const trace::CallTreeSink::Names names{"md_bitmap_flush", "md_super_wait"};
    const std::string filtered =
        "md_bitmap_flush\n"
        "  md_super_wait\n"
        "  md_super_wait\n"
        "  md_super_wait\n";
    CHECK(sink.text(&names) == filtered + filtered);
    sink.clear();
    CHECK(sink.text().empty());
}

}  // namespace mdscope::test
