// SPDX-License-Identifier: MIT
// MountProcess with shell scripts in mdscope's place: what a program that is started from the window is given, and what
// is shown of it. And the list of mounts.
#include "gui/live/mount_process.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>

#include "gui/live/mounts.hpp"
#include "gui/live/program.hpp"
#include "tests/gui_live/fake_mount.hpp"

using namespace mdscope;
using namespace mdscope::gui;
using namespace mdscope::testing;

namespace {

// A folder with a program `mdscope` that is this script; $MDSCOPE names it as long as it is there.
class FakeProgram {
   public:
    explicit FakeProgram(const std::string& script) {
        const std::string path = folder_.base() + "/mdscope";
        std::ofstream(path) << "#!/bin/sh\n" << script;
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        setenv("MDSCOPE", path.c_str(), 1);
    }
    ~FakeProgram() { unsetenv("MDSCOPE"); }
    FakeProgram(const FakeProgram&) = delete;
    FakeProgram& operator=(const FakeProgram&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const { return folder_.base() + "/" + name; }
    [[nodiscard]] MountPlan plan() const {
        MountPlan plan;
        plan.lab = folder_.base() + "/my lab";
        plan.mount_point = folder_.base() + "/point/below";
        return plan;
    }

   private:
    FakeMount folder_;
};

std::shared_ptr<const MountProgress> wait_for_end(const MountProcess& process) {
    CHECK(eventually([&] { return process.progress()->is_over(); }));
    return process.progress();
}

std::string read_file(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("create and mount: both commands run, what they print is shown") {
    const FakeProgram program("echo \"did $1\"; echo \"$@\" >> \"$0.log\"\n");
    std::atomic<int> wakes{0};
    MountPlan plan = program.plan();
    plan.kernel = "5.12";
    plan.write_mostly = "sdb";
    const auto process = MountProcess::start(plan, [&] { ++wakes; });
    const auto progress = wait_for_end(*process);
    CHECK(progress->phase == MountPhase::Mounted);
    REQUIRE(progress->lines.size() == 4);
    CHECK(progress->lines[0].starts_with("$ mdscope create '"));
    CHECK(progress->lines[1] == "did create");
    CHECK(progress->lines[3] == "did mount");
    const std::string log = read_file(program / "mdscope.log");
    CHECK(log.find("--size 64M --members 2 --bitmap external") != std::string::npos);
    CHECK(log.find("--write-mostly sdb") != std::string::npos);
    CHECK(log.find("point/below --kernel 5.12") != std::string::npos);
    CHECK(std::filesystem::is_directory(plan.mount_point));
    CHECK(eventually([&] { return wakes > 0; }));
}

TEST_CASE("the program's own words are the error, and nothing is left half made") {
    const FakeProgram program(
        "[ $1 = create ] && exit 0; echo 'mdscope: sda.img is locked by process 7' >&2; exit 3\n");
    const auto progress = wait_for_end(*MountProcess::start(program.plan(), nullptr));
    CHECK(progress->phase == MountPhase::Failed);
    CHECK(progress->exit_code == 3);
    CHECK(progress->error == "mdscope: sda.img is locked by process 7\n");
    CHECK(progress->advice.found == "sda.img is locked by process 7");
    CHECK(progress->advice.remedy.find("Close") != std::string::npos);
    CHECK(progress->has_images);  // but what was made is there
    CHECK_FALSE(std::filesystem::exists(program.plan().mount_point));
}

TEST_CASE("a failed create is the end of it; a full disk is named") {
    const FakeProgram program("echo \"$1\" >> \"$0.log\"; echo 'mdscope: x: No space left on device' >&2; exit 1\n");
    const auto progress = wait_for_end(*MountProcess::start(program.plan(), nullptr));
    CHECK(progress->phase == MountPhase::Failed);
    CHECK(progress->advice.remedy.find("Free some space") != std::string::npos);
    CHECK(read_file(program / "mdscope.log") == "create\n");
}

TEST_CASE("a program that is ended by a signal, or is none, is told") {
    {
        const FakeProgram program("kill -9 $$\n");
        const auto progress = wait_for_end(*MountProcess::unmount("/nowhere", nullptr));
        CHECK(progress->exit_code == 137);
        CHECK(progress->advice.remedy.find("signal 9") != std::string::npos);
    }
    setenv("MDSCOPE", "/nonexistent/mdscope", 1);
    const auto progress = wait_for_end(*MountProcess::unmount("/nowhere", nullptr));
    unsetenv("MDSCOPE");
    CHECK(progress->phase == MountPhase::Failed);
    CHECK(progress->advice.found.find("/nonexistent/mdscope") != std::string::npos);
}

TEST_CASE("the program is on its own: session, signals, files") {
    // Ignored signals without 32 and 33, which are the C library's own. Not `ls | tr`: until the shell has begun tr, it
    // has a pipe open, too.
    const FakeProgram program(R"(
sed -n '/^SigBlk/p;s/^SigIgn.*\(.......\)$/ignored \1/p' /proc/self/status
(ls /proc/$$/fd >"$0.fds"); tr '\n' ' ' <"$0.fds"; echo
cut -d' ' -f6 /proc/$$/stat; echo $$
)");
    const Fd inheritable(open("/dev/null", O_RDONLY));
    const auto progress = wait_for_end(*MountProcess::unmount("/nowhere", nullptr));
    CHECK(progress->phase == MountPhase::Unmounted);
    std::string text;
    for (const std::string& line : progress->lines) text += line + "\n";
    CAPTURE(text);
    CHECK(text.find("SigBlk:\t0000000000000000") != std::string::npos);
    CHECK(text.find("ignored 0000000\n") != std::string::npos);
    // The shell itself has its script open as 10 (dash) or 255 (bash).
    CHECK((text.find("\n0 1 10 2 \n") != std::string::npos || text.find("\n0 1 2 255 \n") != std::string::npos));
    REQUIRE(progress->lines.size() == 6);
    CHECK(progress->lines[4] == progress->lines[5]);  // the session is the process's own
}

TEST_CASE("the window may go: the program goes on and is not disturbed by nobody reading") {
    const FakeProgram program("read line < \"$0.go\"; echo $1; echo done > \"$0.$1\"\n");
    REQUIRE(mkfifo((program / "mdscope.go").c_str(), 0600) == 0);
    std::atomic<int> wakes{0};
    {
        const auto process = MountProcess::unmount("/nowhere", [&] { ++wakes; });
        CHECK(process->progress()->phase == MountPhase::Unmounting);
    }
    const int before = wakes;
    std::ofstream(program / "mdscope.go") << "go\n";
    CHECK(eventually([&] { return read_file(program / "mdscope.umount") == "done\n"; }));
    CHECK(wakes == before);  // its owner is not there any more
}

TEST_CASE("a program that talks a lot is cut to its last lines") {
    const FakeProgram program(
        "i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done\n"
        "head -c 300000 /dev/zero | tr '\\0' e >&2; exit 1\n");
    const auto progress = wait_for_end(*MountProcess::unmount("/nowhere", nullptr));
    CHECK(progress->lines.size() == MountProgress::kMaxLines);
    CHECK(progress->lines.back() == "line 999");
    CHECK(progress->error.size() == 64 << 10);
}

TEST_CASE("a mount point that cannot be made is told") {
    const FakeProgram program("exit 0\n");
    MountPlan plan = program.plan();
    std::ofstream(program / "file") << "x";
    plan.mount_point = program / "file/mnt";
    const auto progress = wait_for_end(*MountProcess::start(plan, nullptr));
    CHECK(progress->phase == MountPhase::Failed);
    CHECK(progress->advice.tried.find("file/mnt") != std::string::npos);
    CHECK_FALSE(progress->advice.found.empty());
}

TEST_CASE("a plan as it would be typed: what is left out is what mdscope does anyway") {
    MountPlan plan;
    plan.lab = "/l";
    plan.mount_point = "/m";
    using Words = std::vector<std::string>;
    CHECK(commands_of(plan) ==
          Words{"mdscope create /l --size 64M --members 2 --bitmap external --chunk 64K --delay 5s",
                "mdscope mount /l /m"});
    plan.bitmap = "/l/bitmap";
    plan.metadata = "1.1";
    plan.overwrite = plan.read_only = true;
    plan.kernel = "6.1.192";
    plan.rows["order"] = "2021";
    CHECK(
        commands_of(plan) ==
        Words{
            "mdscope create /l --size 64M --members 2 --bitmap /l/bitmap --metadata 1.1 --chunk 64K --delay 5s --force",
            "mdscope mount /l /m --kernel 6.1.192 --order 2021 --bitmap /l/bitmap --read-only"});
    plan.create = false;
    CHECK(commands_of(plan).size() == 1);
}

TEST_CASE("suggested folders are free ones") {
    const FakeMount folder;
    setenv("XDG_DATA_HOME", folder.base().c_str(), 1);
    CHECK(suggest_folders().lab == folder.base() + "/mdscope/lab");
    CHECK(suggest_folders().mount_point == folder.base() + "/mdscope/lab.mnt");
    std::filesystem::create_directories(folder.base() + "/mdscope/lab");
    std::filesystem::create_directories(folder.base() + "/mdscope/lab2.mnt");
    CHECK(suggest_folders().lab == folder.base() + "/mdscope/lab3");
    std::ofstream(folder.base() + "/file") << "";
    setenv("XDG_DATA_HOME", (folder.base() + "/file/below").c_str(), 1);  // nothing can be made there
    const std::string own = "/mdscope-" + std::to_string(geteuid()) + "/lab";
    CHECK(suggest_folders().lab.starts_with(std::filesystem::temp_directory_path().string() + own));
    unsetenv("XDG_DATA_HOME");
    CHECK(suggest_mount_point("/a/lab/") == "/a/lab.mnt");
}

TEST_CASE("what is no mount of mdscope is not found, and paths are as the kernel has them") {
    CHECK_FALSE(find_mount("/proc"));
    CHECK(mount_path_of("/proc/") == "/proc");
    CHECK(mount_path_of("/nonexistent/../proc") == "/proc");
}

TEST_CASE("words are quoted as a shell wants them") {
    CHECK(shell_words({"mdscope", "mount", "a b", "it's", ""}) == "mdscope mount 'a b' 'it'\\''s' ''");
}
