// SPDX-License-Identifier: MIT
// A pointer of the simulated kernel that may be stale. Following it when it is NULL, or when its object was freed,
// raises an Oops that names the field; undefined behaviour never demonstrates anything. The objects of one array stay
// in memory until the Array itself goes, so a stale pointer can always be looked at.
#pragma once

#include "engine/kernel/kernel.hpp"

namespace mdscope {

// Raises the Oops for following `object` (the field's name as md spells it); `freed`: use after free, else NULL.
[[noreturn]] void kptr_fault(Kernel& kernel, const char* object, bool freed);

// T has `Shared<bool> freed`. The kernel is that of whoever holds the pointer.
template <class T>
class Kptr {
   public:
    Kptr(Kernel& kernel, const char* object) : kernel_(&kernel), object_(object) {}
    Kptr(const Kptr&) = delete;
    Kptr& operator=(const Kptr&) = delete;
    Kptr& operator=(T* target) {
        target_ = target;
        return *this;
    }
    [[nodiscard]] T* get() const { return target_.load(); }  // unchecked, for tests of NULL
    [[nodiscard]] T* peek() const { return target_.peek(); }
    T& operator*() const { return *checked(target_.load()); }
    T* operator->() const { return checked(target_.load()); }
    explicit operator bool() const { return target_.load() != nullptr; }

    // What following a pointer read earlier does: `mddev = rdev->mddev` now, `mddev->field` later.
    T* checked(T* target) const {
        if (target == nullptr) kptr_fault(*kernel_, object_, false);
        if (target->freed) kptr_fault(*kernel_, object_, true);
        return target;
    }

   private:
    Kernel* kernel_;
    const char* object_;
    Shared<T*> target_;
};

}  // namespace mdscope
