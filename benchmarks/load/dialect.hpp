// Three ways in which editors share a document of Yjs: as frames, and from what a server sends.
#pragma once

#include "load/tcp.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace load {

class dialect {
public:
    enum class subject : std::uint8_t {
        nothing, // that matters here: awareness, who has joined
        update,  // of another editor, or one's own sent back
        state,   // of the whole document, which a joining editor has asked for
        question // what the editor has that the server lacks; it has to be answered
    };
    struct heard {
        subject about = subject::nothing;
        std::string_view bytes; // valid until the next call
    };

    virtual ~dialect() = default;
    // Where an editor of this document connects.
    [[nodiscard]] virtual target place(target server, std::string_view document) const = 0;
    // Whole frames.
    [[nodiscard]] virtual std::string join(std::string_view document) const = 0;
    [[nodiscard]] virtual std::string
    update(std::string_view document, std::string_view bytes) const = 0;
    [[nodiscard]] virtual std::string answer(std::string_view document) const = 0; // has no more

    // What a frame says. Where a text frame tells what the binary one after it is, `next`, which is
    // the client's, keeps it until then.
    virtual heard on_text(std::string_view packet, subject& next) = 0;
    virtual heard on_binary(std::string_view bytes, subject& next) = 0;
};

// "ydoc" (Open WebUI's events), "y-socket.io" or "y-websocket". Throws std::invalid_argument.
std::unique_ptr<dialect> dialect_of(std::string_view name);

} // namespace load
