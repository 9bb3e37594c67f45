// SPDX-License-Identifier: MIT
// A value or an error that a person can act on. The engine proper returns -errno as the kernel does; this is for the
// edges (assembling, creating, examining), where the answer has to say what was tried, what was found and what to do.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace mdscope {

struct Error {
    int err = 0;       // a positive errno value, or 0 when none fits
    std::string text;  // one or two sentences, no trailing newline
};

template <class T>
class [[nodiscard]] Result {
   public:
    Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor): reads as `return value`.
    Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
    explicit operator bool() const { return std::holds_alternative<T>(state_); }
    T& operator*() { return std::get<T>(state_); }
    const T& operator*() const { return std::get<T>(state_); }
    T* operator->() { return &std::get<T>(state_); }
    const T* operator->() const { return &std::get<T>(state_); }
    [[nodiscard]] const Error& error() const { return std::get<Error>(state_); }

   private:
    std::variant<T, Error> state_;
};

}  // namespace mdscope
