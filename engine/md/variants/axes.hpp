// The axes along which kernels differ in this story. Each is a table of rows; an array points at one row of each, and
// no flow of control asks for a row by name. A kernel era names a row of all of them.
#pragma once

#include <atomic>
#include <span>
#include <string_view>

namespace mdscope {

struct Bio;
struct Bitmap;
struct Mddev;

// Where the stop waits for the bitmap writes of its last daemon pass. The functions are never nullptr.
struct StopFix {
    const char* name;
    const char* what;                           // one sentence for people
    void (*before_update_sb)(Mddev&, Bitmap&);  // in md_bitmap_flush, after the third daemon pass
    void (*after_update_sb)(Mddev&, Bitmap&);   // in md_bitmap_flush, at its end
    void (*in_bitmap_free)(Bitmap&);            // in md_bitmap_free, after its own wait
};
std::span<const StopFix> stop_fixes();  // none, v1, proposal, upstream

// The order of the lines in super_written's second half: 2021 counts down first, 2022 (341097ee5357) last.
struct WrittenOrder {
    const char* name;
    const char* what;
    void (*finish)(Bio*, Mddev*);  // mddev is what rdev->mddev was; may be NULL
};
std::span<const WrittenOrder> written_orders();  // 2021, 2022

// When the array's bio pools die: with the mddev, or already in __md_stop (3e453522593d).
struct PoolLife {
    const char* name;
    const char* what;
    void (*at_md_stop)(Mddev&);
    void (*at_mddev_free)(Mddev&);
};
std::span<const PoolLife> pool_lives();  // mddev, stop

// Points at a row. A person may choose another at any moment of a mounted array, and a completion, which takes no lock,
// must find the old one or the new one. Never a step of a schedule: a simulated array has its rows before it runs.
template <class T>
class Row {
   public:
    Row() = default;
    Row(const T* row) : row_(row) {}  // NOLINT(google-explicit-constructor): reads like the pointer it is.
    Row(const Row& other) : row_(other.get()) {}
    Row& operator=(const Row& other) {
        row_.store(other.get(), std::memory_order_release);
        return *this;
    }
    [[nodiscard]] const T* get() const { return row_.load(std::memory_order_acquire); }
    operator const T*() const { return get(); }  // NOLINT(google-explicit-constructor)
    const T* operator->() const { return get(); }

   private:
    std::atomic<const T*> row_{nullptr};
};

struct Axes {
    Row<StopFix> fix;
    Row<WrittenOrder> order;
    Row<PoolLife> pools;
    bool mdstat_external_bitmap;  // /proc/mdstat shows a bitmap line for an external bitmap
};
Axes default_axes();  // upstream, 2022, mddev, yes

struct KernelEra {
    const char* name;  // "5.12"
    const char* fix;
    const char* order;
    const char* pools;
    bool mdstat_external_bitmap;
};
std::span<const KernelEra> kernel_eras();

// nullptr when there is no such row.
const StopFix* find_stop_fix(std::string_view name);
const WrittenOrder* find_written_order(std::string_view name);
const PoolLife* find_pool_life(std::string_view name);
const KernelEra* find_kernel_era(std::string_view name);
Axes axes_of(const KernelEra& era);

}  // namespace mdscope
