#include "cost/allocations.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> made = 0;
std::atomic<std::size_t> live = 0;
thread_local bool counts = false;

// In front of each block: what has been counted for it.
constexpr std::size_t header = alignof(std::max_align_t);

// A chunk of glibc's heap: the bytes and its size, in steps of 16, at least 32.
std::size_t chunk(std::size_t size) noexcept {
    constexpr std::size_t step = 16;
    return std::max((size + sizeof(std::size_t) + step - 1) / step * step, 2 * step);
}

} // namespace

namespace allocations {

void count_this_thread() noexcept {
    counts = true;
}

totals counted() noexcept {
    return {made, live};
}

} // namespace allocations

void* operator new(std::size_t size) {
    auto* block = static_cast<std::byte*>(std::malloc(header + size));
    if (!block)
        throw std::bad_alloc();
    const std::size_t charged = counts ? chunk(size) : 0;
    new (block) std::size_t(charged);
    if (charged != 0) {
        ++made;
        live += charged;
    }
    return block + header;
}

void operator delete(void* from) noexcept {
    if (!from)
        return;
    auto* block = static_cast<std::byte*>(from) - header;
    live -= *reinterpret_cast<std::size_t*>(block);
    std::free(block);
}

void operator delete(void* from, std::size_t) noexcept {
    operator delete(from);
}
