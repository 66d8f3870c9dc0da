#include "base/bytes.hpp"

#include <cassert>
#include <cstring>
#include <new>

namespace base {

struct bytes::block {
    std::atomic<std::uint32_t> references;
    std::uint8_t prefix_size = 0;
    bool has_derived = false;
    std::size_t size;
    bytes derived{};
    char* payload() noexcept { return reinterpret_cast<char*>(this + 1) + headroom; }
};

bytes::block* bytes::allocate(std::size_t size) {
    void* memory = ::operator new(sizeof(block) + headroom + size);
    return new (memory) block{.references = 1, .size = size};
}

bytes::bytes(std::string_view payload) : bytes(payload, {}) {}

bytes::bytes(std::string_view first, std::string_view second)
    : block_(allocate(first.size() + second.size())) {
    if (!first.empty())
        std::memcpy(block_->payload(), first.data(), first.size());
    if (!second.empty())
        std::memcpy(block_->payload() + first.size(), second.data(), second.size());
}

bytes::bytes(const bytes& other) noexcept : block_(other.block_) {
    if (block_)
        block_->references.fetch_add(1, std::memory_order_relaxed);
}

bytes::~bytes() {
    if (block_ && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        block_->~block();
        ::operator delete(block_);
    }
}

std::string_view bytes::view() const noexcept {
    return block_ ? std::string_view(block_->payload(), block_->size) : std::string_view();
}

std::string_view bytes::framed(std::string_view prefix) const {
    assert(block_ && prefix.size() <= headroom);
    char* front = block_->payload() - prefix.size();
    if (block_->prefix_size == 0) {
        std::memcpy(front, prefix.data(), prefix.size());
        block_->prefix_size = static_cast<std::uint8_t>(prefix.size());
    }
    assert(std::string_view(front, prefix.size()) == prefix);
    return {front, prefix.size() + block_->size};
}

bool bytes::has_derived() const noexcept {
    return block_ && block_->has_derived;
}

const bytes& bytes::derived() const noexcept {
    assert(has_derived());
    return block_->derived;
}

void bytes::keep_derived(bytes form) const noexcept {
    assert(block_ && form.block_ != block_);
    block_->derived = std::move(form);
    block_->has_derived = true;
}

} // namespace base
