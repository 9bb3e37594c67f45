// SPDX-License-Identifier: MIT

#include "engine/look/oops_console.hpp"

#include <fmt/format.h>

#include <iterator>

#include "engine/look/oops_facts.hpp"
#include "engine/md/frames.hpp"

namespace mdscope {

namespace {

// What the instruction at the fault did, and to which address.
struct Fault {
    bool is_write;
    std::uint64_t address;
    std::string function;  // of RIP
    const char* field;     // of the struct that is gone, for a use after free: "md_rdev.mddev"
};

// offsetof() is not for structs like these, but an object of one is at hand.
template <class Struct, class Field>
std::uint64_t offset_in(const Struct& object, const Field& field) {
    return static_cast<std::uint64_t>(reinterpret_cast<const char*>(&field) - reinterpret_cast<const char*>(&object));
}

bool is_use_after_free(const Oops& oops) {
    return oops.what.starts_with("use after free");
}

// Through a NULL mddev: a failed write reads mddev->pers in md_error, any other counts down pending_writes.
Fault null_mddev_fault(const museum::OopsFacts& facts) {
    const Mddev& mddev = facts.mddev;
    if (facts.failed_write) return {false, offset_in(mddev, mddev.pers), std::string(frames::kMdError), ""};
    return {true, offset_in(mddev, mddev.pending_writes), facts.oops.function, ""};
}

// The queue that end_bitmap_write wakes. There is no bitmap left to measure the offset in.
constexpr const char* kFreedBitmapField = "bitmap.write_wait";

Fault member_fault(const museum::OopsFacts& facts) {
    const auto& rdevs = all_rdevs_at_rest(facts.mddev);
    const std::uint64_t offset = rdevs.empty() ? 0 : offset_in(*rdevs.front(), rdevs.front()->mddev);
    return {false, offset, facts.oops.function, "md_rdev.mddev"};
}

Fault fault_of(const museum::OopsFacts& facts) {
    const Oops& oops = facts.oops;
    Fault fault{true, 0, oops.function, "freed memory"};
    if (oops.object == "rdev->mddev") fault = null_mddev_fault(facts);
    if (oops.object == "rdev") fault = member_fault(facts);
    if (oops.object == "bitmap") fault = {true, 0, oops.function, kFreedBitmapField};
    if (oops.address != 0) fault.address = oops.address;
    return fault;
}

// ---- the console

class Console {
   public:
    explicit Console(std::uint64_t at_ns) : at_us_(at_ns / 1000) {}

    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), "[{:5}.{:06}] ", at_us_ / 1'000'000, at_us_ % 1'000'000);
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    std::string take() { return std::move(text_); }

   private:
    std::uint64_t at_us_;
    std::string text_;
};

void print_null_pointer(Console& out, const Fault& fault) {
    const int code = fault.is_write ? 2 : 0;
    out.line("BUG: kernel NULL pointer dereference, address: {:016x}", fault.address);
    out.line("#PF: supervisor {} access in kernel mode", fault.is_write ? "write" : "read");
    out.line("#PF: error_code(0x{:04x}) - not-present page", code);
    out.line("Oops: {:04x} [#1] PREEMPT SMP NOPTI", code);
}

// The shape KASAN gives it: without it a kernel does not notice at this point.
void print_use_after_free(Console& out, const Oops& oops, const Fault& fault) {
    out.line("BUG: KASAN: use-after-free in {}", fault.function);
    const std::string offset = fault.address != 0 ? fmt::format(", offset {:#x}", fault.address) : "";
    out.line("{} at {}{}, by task {}", fault.is_write ? "Write" : "Read", fault.field, offset, oops.comm);
}

// What lies between the innermost frame, which RIP names, and the context's end. A completion is called by bio_endio,
// which is inline here and has no frame of its own.
std::vector<std::string> trace_of(const Oops& oops, const Fault& fault) {
    std::vector<std::string> trace = oops.stack;
    if (!trace.empty() && trace.front() == fault.function) trace.erase(trace.begin());
    const std::string outermost = oops.stack.empty() ? "" : oops.stack.back();
    if (frames::is_metadata_completion(outermost)) trace.emplace_back("bio_endio");
    return trace;
}

int pid_of(const Mddev& mddev, const Oops& oops) {
    if (oops.in_irq) return 0;
    for (const SleepInfo& task : mddev.kernel.tasks())
        if (task.comm == oops.comm) return task.pid;
    return 0;
}

std::string console_text(const museum::OopsFacts& facts) {
    const Oops& oops = facts.oops;
    const Fault fault = fault_of(facts);
    Console out(oops.at_ns);
    if (is_use_after_free(oops))
        print_use_after_free(out, oops, fault);
    else
        print_null_pointer(out, fault);
    out.line("CPU: 0 PID: {} Comm: {} Not tainted mdscope", pid_of(facts.mddev, oops), oops.comm);
    out.line("RIP: 0010:{}", fault.function);
    if (!is_use_after_free(oops)) out.line("CR2: {:016x}", fault.address);
    out.line("Call Trace:");
    out.line(" <{}>", oops.in_irq ? "IRQ" : "TASK");
    for (const std::string& frame : trace_of(oops, fault)) out.line(" {}", frame);
    out.line(" </{}>", oops.in_irq ? "IRQ" : "TASK");
    out.line("---[ end trace 0000000000000000 ]---");
    if (oops.in_irq) out.line("Kernel panic - not syncing: Fatal exception in interrupt");
    return out.take();
}

// ---- crash>

std::string backtrace_text(const SleepInfo& task) {
    std::string text = fmt::format("crash> bt {0}\nPID: {0}  COMMAND: \"{1}\"\n", task.pid, task.comm);
    for (std::size_t i = 0; i < task.stack.size(); i++)
        fmt::format_to(std::back_inserter(text), " #{} {}\n", i, task.stack[i]);
    return text + fmt::format("    asleep in {} until {}\n", task.queue, task.condition);
}

// The array's fields in the report's dump. The bitmap is not followed: it may be gone.
std::string mddev_fields(const Mddev& mddev) {
    const MdPersonality* const pers = mddev.pers.peek();
    std::string text = "crash> struct mddev.bitmap_info.external,pending_writes,in_sync,sb_flags,pers,bitmap\n";
    fmt::format_to(std::back_inserter(text),
                   "  bitmap_info.external = {},\n  pending_writes = {{\n    counter = {}\n  }},\n"
                   "  in_sync = {},\n  sb_flags = {:#x},\n  pers = {},\n  bitmap = {},\n",
                   mddev.bitmap_info.external ? 1 : 0, mddev.pending_writes.peek(), mddev.in_sync.peek(),
                   mddev.sb_flags.peek(), pers != nullptr ? pers->name : "0x0",
                   mddev.bitmap.peek() != nullptr ? "struct bitmap" : "0x0");
    return text;
}

std::string rdev_fields(const Rdev& rdev) {
    const Mddev* const mddev = rdev.mddev.peek();
    return fmt::format(
        "crash> struct md_rdev.mddev,nr_pending {}{}\n  mddev = {},\n  nr_pending = {{\n    counter = {}\n  }},\n",
        rdev.name, rdev.freed.peek() ? "    (freed)" : "", mddev != nullptr ? mddev->name : "0x0",
        rdev.nr_pending.peek());
}

}  // namespace

std::string oops_console(const Mddev& mddev, const Oops& oops) {
    const museum::OopsFacts facts = facts_of(mddev, oops);
    std::string text = console_text(facts) + "\n";
    for (const SleepInfo& task : facts.sleepers) text += backtrace_text(task);
    text += mddev_fields(mddev);
    // all_rdevs and not the list of members: that one is empty by now, and guarded by a lock that a task which unwinds
    // in the middle of it may hold.
    for (const auto& rdev : all_rdevs_at_rest(mddev)) text += rdev_fields(*rdev);
    return text + "\n" + oops_sentences(mddev, oops);
}

}  // namespace mdscope
