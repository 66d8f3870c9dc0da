// Bytes on their way to a socket, in order: small ones copied together, large ones shared.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace net {

// Bounded by its user: a connection takes no more packets while much of the last ones is here.
class output_queue {
public:
    void append_copy(std::string_view bytes);
    // `framed` is a view into `owner`.
    void append_shared(base::bytes owner, std::string_view framed);

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    // Fills in views of the next bytes to send, good until the queue changes; how many it filled.
    [[nodiscard]] std::size_t peek(std::span<std::string_view> views) const noexcept;
    // The first `count` bytes have been sent. Storage is given back when all have.
    void consume(std::size_t count);
    // Moves everything to the end of `other`, which keeps its storage as this one does.
    void move_to(output_queue& other);
    void clear();

private:
    struct piece {
        std::size_t size = 0;
        base::bytes owner;        // null: the piece lies in copied_
        const char* at = nullptr; // into owner
    };

    std::string copied_; // the copied pieces, one behind the other
    std::size_t copied_sent_ = 0;
    std::vector<piece> pieces_;
    std::size_t pieces_sent_ = 0;
    std::size_t size_ = 0;
};

} // namespace net
