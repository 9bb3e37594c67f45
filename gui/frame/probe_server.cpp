// SPDX-License-Identifier: MIT

#include "gui/frame/probe_server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/host/host.hpp"

namespace mdscope::gui {

namespace {

constexpr std::size_t kMostClients = 8, kLongestLine = 4096, kMostUnanswered = 64;
constexpr std::size_t kMostUnread = std::size_t{8} << 20U;

Error cannot(const std::string& path, const std::string& why) {
    return {0, fmt::format("Cannot open the probe's socket {}: {}.", path, why)};
}

bool name_it(const std::string& path, sockaddr_un& address) {
    address = {};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.data(), path.size());
    return true;
}

bool somebody_listens(const sockaddr_un& address) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected = fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (fd >= 0) close(fd);
    return connected;
}

// A socket that a window left behind when it was killed.
void remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && !somebody_listens(address))
        unlink(path.c_str());
}

// The descriptor, or -errno.
int listen_at(const sockaddr_un& address) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    const mode_t before = umask(0177);  // Whoever may connect can save pictures over the owner's files.
    const int bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    umask(before);
    if (bound == 0 && listen(fd, static_cast<int>(kMostClients)) == 0) return fd;
    close(fd);
    return -(bound == 0 ? errno : error);
}

}  // namespace

Result<std::unique_ptr<ProbeServer>> ProbeServer::open(const std::string& path, std::function<void()> wake) {
    sockaddr_un address;
    if (!name_it(path, address))
        return cannot(path, fmt::format("a path has 1 to {} bytes", sizeof address.sun_path - 1));
    remove_stale(path, address);
    const int listener = listen_at(address);
    if (listener < 0) return cannot(path, host_error_text(listener));
    const int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell < 0) {
        close(listener);
        unlink(path.c_str());
        return cannot(path, host_error_text(errno));
    }
    return std::unique_ptr<ProbeServer>(new ProbeServer(path, listener, bell, std::move(wake)));
}

ProbeServer::ProbeServer(std::string path, int listener, int bell, std::function<void()> wake)
    : path_(std::move(path)), listener_(listener), bell_(bell), wake_(std::move(wake)), thread_([this] { run(); }) {}

ProbeServer::~ProbeServer() {
    ending_ = true;
    eventfd_write(bell_, 1);
    thread_.join();
    for (const auto& [number, client] : clients_) close(client.fd);
    close(listener_);
    close(bell_);
    unlink(path_.c_str());
}

void ProbeServer::serve(const ProbeHost& host) {
    std::deque<Question> asked, answered;
    {
        const std::lock_guard guard(mutex_);
        asked.swap(questions_);
    }
    std::deque<Question> later;
    for (Question& question : asked) {
        if (std::optional<std::string> text = answer(question.text, host))
            answered.push_back({question.client, *std::move(text)});
        else
            later.push_back(std::move(question));
    }
    const std::lock_guard guard(mutex_);
    for (Question& question : answered) answers_.push_back(std::move(question));
    questions_.insert(questions_.begin(), later.begin(), later.end());
    if (!answered.empty()) eventfd_write(bell_, 1);
}

void ProbeServer::run() {
    while (!ending_) {
        std::vector<pollfd> waits = {{listener_, POLLIN, 0}, {bell_, POLLIN, 0}};
        std::vector<int> numbers;
        for (const auto& [number, client] : clients_) {
            const bool may_ask = client.unanswered < kMostUnanswered && !client.finished;
            const int events = (may_ask ? POLLIN : 0) | (client.to_send.empty() ? 0 : POLLOUT);
            waits.push_back({client.fd, static_cast<short>(events), 0});
            numbers.push_back(number);
        }
        if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
        if ((waits[1].revents & POLLIN) != 0) take_answers();
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const int events = waits[i + 2].revents;
            Client& client = clients_.at(numbers[i]);
            const bool gone =
                (events & (POLLERR | POLLNVAL)) != 0 || ((events & POLLHUP) != 0 && (events & POLLIN) == 0);
            const bool well = !gone && ((events & POLLIN) == 0 || receive(numbers[i], client)) && send_some(client);
            const bool done = client.finished && client.unanswered == 0 && client.to_send.empty();
            if (!well || done) drop(numbers[i]);
        }
        if ((waits[0].revents & POLLIN) != 0) accept_client();
    }
    take_answers();  // "quit" has one, too.
    for (auto& [number, client] : clients_) static_cast<void>(send_some(client));
}

void ProbeServer::accept_client() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (clients_.size() >= kMostClients) {
        close(fd);
        return;
    }
    clients_[next_client_++].fd = fd;
}

bool ProbeServer::receive(int number, Client& client) {
    std::array<char, kLongestLine> part{};
    const ssize_t n = recv(client.fd, part.data(), part.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    client.finished = n == 0;
    client.received.append(part.data(), static_cast<std::size_t>(n));
    std::deque<Question> asked;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = client.received.find('\n', begin)) != std::string::npos; begin = end + 1)
        asked.push_back({number, client.received.substr(begin, end - begin)});
    client.received.erase(0, begin);
    if (client.received.size() > kLongestLine) return false;
    if (asked.empty()) return true;
    client.unanswered += asked.size();
    {
        const std::lock_guard guard(mutex_);
        for (Question& question : asked) questions_.push_back(std::move(question));
    }
    wake_();
    return true;
}

bool ProbeServer::send_some(Client& client) {
    if (client.to_send.size() > kMostUnread) return false;
    if (client.to_send.empty()) return true;
    const ssize_t n = send(client.fd, client.to_send.data(), client.to_send.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    client.to_send.erase(0, static_cast<std::size_t>(n));
    return true;
}

void ProbeServer::take_answers() {
    eventfd_t ignored = 0;
    eventfd_read(bell_, &ignored);
    std::deque<Question> answered;
    {
        const std::lock_guard guard(mutex_);
        answered.swap(answers_);
    }
    for (const Question& one : answered) {
        const auto found = clients_.find(one.client);
        if (found == clients_.end()) continue;  // It left before its answer.
        found->second.to_send += one.text + "\n";
        --found->second.unanswered;
    }
}

void ProbeServer::drop(int number) {
    close(clients_.at(number).fd);
    clients_.erase(number);
    const std::lock_guard guard(mutex_);
    std::erase_if(questions_, [number](const Question& question) { return question.client == number; });
}

}  // namespace mdscope::gui
