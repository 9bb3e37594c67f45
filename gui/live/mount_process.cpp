// SPDX-License-Identifier: MIT

#include "gui/live/mount_process.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "gui/live/mounts.hpp"
#include "gui/live/program.hpp"

namespace mdscope::gui {

namespace stdfs = std::filesystem;

const char* mount_phase_word(MountPhase phase) {
    switch (phase) {
        case MountPhase::Creating:
            return "creating";
        case MountPhase::Mounting:
            return "mounting";
        case MountPhase::Unmounting:
            return "unmounting";
        case MountPhase::Working:
            return "working";
        case MountPhase::Done:
            return "done";
        case MountPhase::Mounted:
            return "mounted";
        case MountPhase::Unmounted:
            return "unmounted";
        case MountPhase::Failed:
            return "failed";
    }
    return "?";
}

// Shared by the owner and the thread that does the work; the thread may outlive the owner.
struct MountProcess::Core {
    mutable std::mutex mutex;
    MountProgress progress;
    std::shared_ptr<const MountProgress> published;

    // Looked up by the owner: no other thread looks at the environment.
    const Result<std::string> program = find_mdscope();
    const std::vector<std::string> environment = current_environment();

    // Held while it is called, so that an owner who takes it back knows that it is not running.
    std::mutex wake_mutex;
    std::function<void()> wake;

    template <class Change>
    void change(Change&& change) {
        {
            const std::lock_guard guard(mutex);
            change(progress);
            published = std::make_shared<const MountProgress>(progress);
        }
        const std::lock_guard guard(wake_mutex);
        if (wake) wake();
    }
    void enter(MountPhase phase) {
        change([&](MountProgress& now) { now.phase = phase; });
    }
    void add_line(const std::string& line) {
        change([&](MountProgress& now) {
            if (now.lines.size() == MountProgress::kMaxLines) now.lines.erase(now.lines.begin());
            now.lines.push_back(line);
        });
    }
    void fail(const Advice& advice) {
        change([&](MountProgress& now) {
            now.phase = MountPhase::Failed;
            now.advice = advice;
        });
    }
    std::optional<Advice> run(std::vector<std::string> words);
};

namespace {

std::string without_prefix(std::string text) {
    constexpr std::string_view kPrefix = "mdscope: ";
    while (text.ends_with('\n')) text.pop_back();
    return text.starts_with(kPrefix) ? text.substr(kPrefix.size()) : text;
}

// The exit codes of mdscope are a promise of its --help; its message mostly says what to do, and this is what is left.
std::string remedy_for(const ProgramEnd& end) {
    if (end.errors.find("No space left") != std::string::npos)
        return "Free some space there, choose another folder, or make the images smaller";
    if (end.errors.find("fusermount3") != std::string::npos)
        return "Users other than root mount through fusermount3 (package fuse3), which must be set-user-ID and may not "
               "gain rights in every sandbox. Install it, or run the window as root";
    switch (end.exit_code) {
        case 2:
            return "Correct the value that is named, and try again";
        case 3:
            return "Close what uses it, and try again";
        case 4:
            return "See what is on the images with `mdscope examine`";
        case 127:
            return "Build mdscope, or set MDSCOPE to the path of the program";
        default:
            return end.exit_code > 128 ? "It was ended by signal " + std::to_string(end.exit_code - 128) + "; try again"
                                       : "Mend what the message names, and try again";
    }
}

}  // namespace

// One command of mdscope. The result is what went wrong: to be told once what was prepared for it is taken back.
std::optional<Advice> MountProcess::Core::run(std::vector<std::string> words) {
    words.insert(words.begin(), "mdscope");
    const std::string typed = shell_words(words);
    add_line("$ " + typed);
    if (!program) return Advice{"running `" + typed + "`", program.error().text, remedy_for({127, ""})};
    words[0] = *program;
    const ProgramEnd end = run_program(words, environment, [this](const std::string& line) { add_line(line); });
    change([&](MountProgress& now) {
        now.exit_code = end.exit_code;
        now.error = end.errors;
    });
    if (end.exit_code == 0) return std::nullopt;
    return Advice{"running `" + typed + "`", without_prefix(end.errors), remedy_for(end)};
}

// ---- what is done, in its own thread

namespace {

void add_option(std::vector<std::string>& words, const std::string& name, const std::string& value) {
    if (value.empty()) return;
    words.emplace_back(name);
    words.push_back(value);
}

std::vector<std::string> create_words(const MountPlan& plan) {
    std::vector<std::string> words = {"create", plan.lab};
    add_option(words, "--size", plan.size);
    add_option(words, "--members", std::to_string(plan.members));
    add_option(words, "--bitmap", plan.bitmap);
    if (plan.home() != BitmapHome::External) add_option(words, "--metadata", plan.metadata);
    add_option(words, "--chunk", plan.chunk);
    add_option(words, "--delay", plan.delay);
    add_option(words, "--write-mostly", plan.write_mostly);
    if (plan.overwrite) words.emplace_back("--force");
    return words;
}

std::vector<std::string> mount_words(const MountPlan& plan) {
    std::vector<std::string> words = {"mount", plan.lab, plan.mount_point};
    add_option(words, "--kernel", plan.kernel);
    for (const auto& [variant, row] : plan.rows) add_option(words, "--" + variant, row);
    // An array with a bitmap file needs to be told where it is.
    if (plan.has_bitmap_file()) add_option(words, "--bitmap", plan.bitmap);
    if (plan.read_only) words.emplace_back("--read-only");
    return words;
}

std::string typed(std::vector<std::string> words) {
    words.insert(words.begin(), "mdscope");
    return shell_words(words);
}

// The mount point, if it was missing. Whether it can be used is mdscope's to say.
class MountFolder {
   public:
    explicit MountFolder(const std::string& path) : path_(path), made_(stdfs::create_directories(path, failed_)) {}
    [[nodiscard]] int err() const { return failed_.value(); }
    void take_back() const {
        if (made_) rmdir(path_.c_str());
    }

   private:
    std::string path_;
    std::error_code failed_;
    bool made_;
};

template <class Core>
void mount(Core& core, const MountPlan& plan) {
    if (plan.create)
        if (const auto problem = core.run(create_words(plan))) return core.fail(*problem);
    core.change([&](MountProgress& now) { now.has_images = true; });
    core.enter(MountPhase::Mounting);
    const MountFolder folder(plan.mount_point);
    if (folder.err() != 0)
        return core.fail({"making the folder " + plan.mount_point, errno_words(folder.err()),
                          "Choose a mount point below a folder that you may write to"});
    if (const auto problem = core.run(mount_words(plan))) {
        folder.take_back();
        return core.fail(*problem);
    }
    core.enter(MountPhase::Mounted);
}

template <class Core>
void unmount(Core& core, const std::string& mount_point) {
    if (const auto problem = core.run({"umount", mount_point})) return core.fail(*problem);
    core.enter(MountPhase::Unmounted);
}

// The window's signals are not for this thread.
template <class Work>
void in_background(Work&& work) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread(std::forward<Work>(work)).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

std::vector<std::string> commands_of(const MountPlan& plan) {
    std::vector<std::string> commands;
    if (plan.create) commands.push_back(typed(create_words(plan)));
    commands.push_back(typed(mount_words(plan)));
    return commands;
}

std::unique_ptr<MountProcess> MountProcess::start(const MountPlan& plan, std::function<void()> wake) {
    auto core = std::make_shared<Core>();
    core->progress.phase = plan.create ? MountPhase::Creating : MountPhase::Mounting;
    core->progress.lab = plan.lab;
    core->progress.mount_point = plan.mount_point;
    core->wake = std::move(wake);
    core->published = std::make_shared<const MountProgress>(core->progress);
    in_background([core, plan] { mount(*core, plan); });
    return std::unique_ptr<MountProcess>(new MountProcess(core));
}

std::unique_ptr<MountProcess> MountProcess::unmount(const std::string& mount_point, std::function<void()> wake) {
    auto core = std::make_shared<Core>();
    core->progress.phase = MountPhase::Unmounting;
    core->progress.mount_point = mount_point;
    core->wake = std::move(wake);
    core->published = std::make_shared<const MountProgress>(core->progress);
    in_background([core, mount_point] { gui::unmount(*core, mount_point); });
    return std::unique_ptr<MountProcess>(new MountProcess(core));
}

std::unique_ptr<MountProcess> MountProcess::pair(const std::string& folder, std::vector<std::string> words,
                                                 std::function<void()> wake) {
    auto core = std::make_shared<Core>();
    core->progress.phase = MountPhase::Working;
    core->progress.mount_point = folder;
    core->wake = std::move(wake);
    core->published = std::make_shared<const MountProgress>(core->progress);
    words.insert(words.begin(), {"pair", folder});
    in_background([core, words] {
        if (const auto problem = core->run(words)) return core->fail(*problem);
        core->enter(MountPhase::Done);
    });
    return std::unique_ptr<MountProcess>(new MountProcess(core));
}

MountProcess::MountProcess(std::shared_ptr<Core> core) : core_(std::move(core)) {}

MountProcess::~MountProcess() {
    const std::lock_guard guard(core_->wake_mutex);
    core_->wake = nullptr;
}

std::shared_ptr<const MountProgress> MountProcess::progress() const {
    const std::lock_guard guard(core_->mutex);
    return core_->published;
}

// ---- where things are

namespace {

bool is_program(const std::string& path) {
    std::error_code failed;
    return stdfs::is_regular_file(path, failed) && access(path.c_str(), X_OK) == 0;
}

const char* variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody here sets variables
    return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

Result<std::string> find_mdscope() {
    if (const char* given = variable("MDSCOPE"); given != nullptr) {
        if (is_program(given)) return std::string(given);
        return Error{ENOENT, std::string("MDSCOPE is ") + given + ", which is no program"};
    }
    std::error_code failed;
    const stdfs::path self = stdfs::read_symlink("/proc/self/exe", failed);
    if (const std::string beside = self.parent_path() / "mdscope"; !failed && is_program(beside)) return beside;
    std::string path = variable("PATH") != nullptr ? variable("PATH") : "/usr/local/bin:/usr/bin:/bin";
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        if (const std::string program = path.substr(at, end - at) + "/mdscope"; end > at && is_program(program))
            return program;
        at = end + 1;
    }
    return Error{ENOENT, "there is no program mdscope beside this one or in PATH"};
}

namespace {

// A folder could be made there. Users without a home (nobody, a service) have a path that leads nowhere.
bool can_hold_folders(stdfs::path path) {
    std::error_code failed;
    while (!stdfs::exists(path, failed) && path.has_relative_path()) path = path.parent_path();
    return stdfs::is_directory(path, failed) && access(path.c_str(), W_OK | X_OK) == 0;
}

stdfs::path folder_of_labs() {
    stdfs::path base;
    if (const char* data = variable("XDG_DATA_HOME"); data != nullptr && *data == '/')
        base = data;
    else if (const char* home = variable("HOME"); home != nullptr)
        base = stdfs::path(home) / ".local/share";
    if (!base.empty() && can_hold_folders(base)) return base / "mdscope";
    return stdfs::temp_directory_path() / ("mdscope-" + std::to_string(geteuid()));
}

}  // namespace

SuggestedFolders suggest_folders() {
    const stdfs::path base = folder_of_labs();
    // The names in the folder, without a look at what they are: one may be a mount that does not answer.
    std::set<std::string> taken;
    std::error_code failed;
    for (stdfs::directory_iterator at(base, failed), end; !failed && at != end; at.increment(failed))
        taken.insert(at->path().filename());
    for (int number = 1;; number++) {
        const std::string name = number == 1 ? "lab" : "lab" + std::to_string(number);
        if (!taken.contains(name) && !taken.contains(name + ".mnt")) return {base / name, base / (name + ".mnt")};
    }
}

std::string suggest_mount_point(const std::string& lab) {
    std::string path = lab;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path + ".mnt";
}

}  // namespace mdscope::gui
