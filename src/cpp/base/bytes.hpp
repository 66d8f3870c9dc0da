// Immutable shared bytes: encoded once, queued for many peers.
// May be held by any thread; `frame` belongs to the one shard that sends it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace base {

// One allocation: a reference count, room in front for a transport's framing, the payload.
// The room is why a broadcast costs one encoding however many sockets it goes to: the first
// WebSocket writes its frame header in front of the payload, and the others find it there.
class bytes {
public:
    // A WebSocket header without a mask (10) and the Engine.IO type character (1), rounded up.
    static constexpr std::size_t headroom = 16;

    bytes() noexcept = default;
    explicit bytes(std::string_view payload);
    // Several pieces joined, so that an encoder needs no buffer of its own.
    bytes(std::string_view first, std::string_view second);
    bytes(const bytes& other) noexcept;
    bytes(bytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    bytes& operator=(bytes other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~bytes();

    [[nodiscard]] std::string_view view() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return view().size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    // The payload behind a prefix of at most `headroom` bytes. The first caller's prefix stays:
    // every transport of a kind must frame one payload alike.
    [[nodiscard]] std::string_view framed(std::string_view prefix) const;

    // Another form of the payload (compressed), which a transport makes once and leaves here for
    // those behind it. As a frame, it belongs to the one shard that sends it.
    [[nodiscard]] bool has_derived() const noexcept;
    [[nodiscard]] const bytes& derived() const noexcept;
    void keep_derived(bytes form) const noexcept; // may be an empty one

private:
    struct block;
    static block* allocate(std::size_t size);

    block* block_ = nullptr;
};

} // namespace base
