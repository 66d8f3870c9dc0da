// One HTTP/1 request from bytes (RFC 9112), within limits. No I/O.
#pragma once

#include "eio/http.hpp"
#include "net/context.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace net {

// For one request; make another for the next.
class http_parser {
public:
    enum class phase : std::uint8_t { idle, head, body, done, failed };

    http_parser(const limits& bounds, std::size_t max_body_bytes);
    ~http_parser();
    http_parser(http_parser&&) noexcept;
    http_parser& operator=(http_parser&&) noexcept;

    // How many bytes it took from the front. The others are to be given again, with more behind
    // them; once done they belong to the next request.
    [[nodiscard]] std::size_t feed(std::string_view bytes);
    [[nodiscard]] phase at() const noexcept;

    // When failed: the status to answer with before the connection is closed.
    [[nodiscard]] int status() const noexcept;
    // When done. A body above the limit is not read: `body_too_large` is set, keep_alive() false.
    [[nodiscard]] eio::http_request& request() noexcept;
    [[nodiscard]] bool keep_alive() const noexcept;
    // The peer waits for a 100 before it sends the body.
    [[nodiscard]] bool expects_continue() const noexcept;

private:
    class machine;
    std::unique_ptr<machine> machine_;
};

} // namespace net
