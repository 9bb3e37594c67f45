// SPDX-License-Identifier: MIT
// The probe's answers, and its socket with clients of all kinds. The test plays the window: it serves when it is woken.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gui/frame/probe_server.hpp"
#include "tests/gui/demo_screen.hpp"
#include "tests/gui/harness.hpp"
#include "tests/scratch.hpp"

namespace mdscope::gui {

namespace {

using nlohmann::json;

ProbeHost host_of(bool& idle) {
    return {.frames = [] { return 7; },
            .pictures = [] { return 5; },
            .is_idle = [&idle] { return idle; },
            .place =
                [] {
                    return std::array<int, 4>{10, 20, 1600, 900};
                },
            .save_png =
                [](const std::string& path) {
                    return Result<bool>(Error{0, "Cannot write " + path + "."});
                },
            .quit = [] {}};
}

TEST_CASE("the probe's answers are lines of JSON") {
    DemoScreen screen;
    const Headless ui(screen);
    bool idle = true;
    const ProbeHost host = host_of(idle);
    const auto ask = [&](std::string_view question) { return json::parse(answer(question, host).value()); };
    const ui::Rect rect = ui.rect("bar/go");
    CHECK(ask("rect bar/go") == json::array({rect.x, rect.y, rect.w, rect.h}));
    CHECK(ask("text bar/go") == "▶ Go");
    CHECK(ask("value bar/speed") == 0.5);
    CHECK(ask("mark bar/off")["enabled"] == false);
    CHECK(ask("ids").size() == ask("marks").size());
    CHECK(ask("faults")["cut"].empty());
    CHECK(ask("focused").is_null());
    CHECK(ask("frames") == 7);
    CHECK(ask("origin") == json::array({10, 20}));
    CHECK(ask("size") == json::array({1600, 900}));
    CHECK(ask("wait-idle") == true);
    CHECK(ask("png /x.png")["error"] == "Cannot write /x.png.");
    idle = false;
    CHECK_FALSE(answer("wait-idle", host));
    for (const char* question :
         {"", " ", "rect", "rect nothing", "png", "ids now", "wait-idle now", "\xff", "RECT bar/go"})
        CHECK(ask(question).contains("error"));
}

// A server, and a client of it on the same thread.
struct Wire {
    Wire() : idle(true), host(host_of(idle)) {
        bell = eventfd(0, EFD_CLOEXEC);
        server = std::move(*open());
    }
    ~Wire() {
        server.reset();
        close(bell);
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    Result<std::unique_ptr<ProbeServer>> open() {
        return ProbeServer::open(path, [this] { eventfd_write(bell, 1); });
    }
    [[nodiscard]] int connect_client() const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        return fd;
    }
    static void send_text(int fd, std::string_view text) {
        while (!text.empty()) {
            const ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
            if (n <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    // Serves until a line has come, or the server has closed the connection (then it is empty).
    std::string line(int fd) {
        std::string text;
        while (true) {
            std::array<pollfd, 2> waits = {{{fd, POLLIN, 0}, {bell, POLLIN, 0}}};
            REQUIRE(poll(waits.data(), waits.size(), 20'000) > 0);
            if (waits[1].revents != 0) {
                eventfd_t ignored = 0;
                eventfd_read(bell, &ignored);
                server->serve(host);
            }
            if (waits[0].revents == 0) continue;
            char letter = 0;
            if (recv(fd, &letter, 1, 0) != 1) return "";
            if (letter == '\n') return text;
            text += letter;
        }
    }

    bool idle;
    ProbeHost host;
    testing::ScratchFolder folder;
    std::string path = folder / "probe";
    int bell = -1;
    std::unique_ptr<ProbeServer> server;
};

TEST_CASE("questions and answers through the socket, in order") {
    DemoScreen screen;
    const Headless ui(screen);
    Wire wire;
    const int client = wire.connect_client();
    Wire::send_text(client, "frames\npict");
    CHECK(wire.line(client) == "7");
    Wire::send_text(client, "ures\ntext bar/off\n");
    CHECK(wire.line(client) == "5");
    CHECK(wire.line(client) == "\"Off\"");
    close(client);
}

TEST_CASE("wait-idle is answered when it is so, and others do not wait for it") {
    Wire wire;
    wire.idle = false;
    const int patient = wire.connect_client(), other = wire.connect_client();
    Wire::send_text(patient, "wait-idle\n");
    Wire::send_text(other, "frames\n");
    CHECK(wire.line(other) == "7");
    wire.idle = true;
    Wire::send_text(other, "idle\n");
    CHECK(wire.line(patient) == "true");
    close(patient);
    close(other);
}

TEST_CASE("one that has said all still gets its answers") {
    Wire wire;
    const int client = wire.connect_client();
    Wire::send_text(client, "frames\npictures\n");
    shutdown(client, SHUT_WR);
    CHECK(wire.line(client) == "7");
    CHECK(wire.line(client) == "5");
    CHECK(wire.line(client) == "");
    close(client);
}

TEST_CASE("a client that does not keep to it loses its connection, the others theirs not") {
    Wire wire;
    const int good = wire.connect_client();
    for (const std::string& junk : {std::string(100'000, 'x'), std::string(5000, '\0')}) {
        const int bad = wire.connect_client();
        Wire::send_text(bad, junk);
        CHECK(wire.line(bad) == "");
        close(bad);
    }
    const int hasty = wire.connect_client();
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "frames\n";
    Wire::send_text(hasty, many);
    for (int i = 0; i < 1000; ++i) REQUIRE(wire.line(hasty) == "7");
    close(hasty);
    const int rude = wire.connect_client();
    Wire::send_text(rude, "marks\nmarks\n");
    close(rude);
    Wire::send_text(good, "frames\n");
    CHECK(wire.line(good) == "7");
    close(good);
}

TEST_CASE("more clients than there is room for are turned away") {
    Wire wire;
    std::vector<int> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(wire.connect_client());
        Wire::send_text(clients.back(), "frames\n");
        CHECK(wire.line(clients.back()) == "7");
    }
    const int late = wire.connect_client();
    CHECK(wire.line(late) == "");
    close(late);
    for (const int client : clients) close(client);
}

TEST_CASE("the socket is the owner's alone, replaces a stale one, and nothing else") {
    Wire wire;
    struct stat status {};
    REQUIRE(stat(wire.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600);
    CHECK(wire.open().error().text.find("in use") != std::string::npos);
    wire.server.reset();
    CHECK_FALSE(std::filesystem::exists(wire.path));
    const int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, wire.path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    close(left);
    CHECK(wire.open());
    std::ofstream(wire.path) << "a file";
    CHECK_FALSE(wire.open());
    CHECK(std::filesystem::is_regular_file(wire.path));
    for (const std::string& path : {std::string(), std::string(200, 'x'), wire.folder / "no/such"})
        CHECK_FALSE(ProbeServer::open(path, [] {}));
}

}  // namespace

}  // namespace mdscope::gui
