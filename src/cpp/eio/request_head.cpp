#include "eio/request_head.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace eio {

namespace {

// Counts the bytes that the writer will write, by the same calls.
struct counter {
    std::size_t size = 0;
    void byte(std::uint8_t) { ++size; }
    void bytes(std::string_view text) { size += text.size(); }
};

struct writer {
    char* at;
    void byte(std::uint8_t value) { *at++ = static_cast<char>(value); }
    void bytes(std::string_view text) {
        if (!text.empty())
            std::memcpy(at, text.data(), text.size());
        at += text.size();
    }
};

// Seven bits a byte, the lowest first; the eighth tells that more follow.
template <class Output>
void put_number(Output& out, std::size_t value) {
    for (; value >= 0x80; value >>= 7)
        out.byte(static_cast<std::uint8_t>(value | 0x80));
    out.byte(static_cast<std::uint8_t>(value));
}

template <class Output>
void put_text(Output& out, std::string_view text) {
    put_number(out, text.size());
    out.bytes(text);
}

template <class Output>
void put_request(Output& out, const http_request& from) {
    put_text(out, from.method);
    put_text(out, from.path);
    put_text(out, from.query);
    put_text(out, from.http_version);
    put_text(out, from.remote_address);
    put_number(out, from.remote_port);
    put_text(out, from.local_address);
    put_number(out, from.local_port);
    put_number(out, from.secure ? 1 : 0);
    put_number(out, from.origin_allowed ? 1 + (*from.origin_allowed ? 1 : 0) : 0);
    put_number(out, from.headers.size());
    for (const auto& [name, value] : from.headers) {
        put_text(out, name);
        put_text(out, value);
    }
}

struct reader {
    const char* at;
    std::size_t number() {
        std::size_t value = 0;
        for (int shift = 0;; shift += 7) {
            const auto byte = static_cast<std::uint8_t>(*at++);
            value |= static_cast<std::size_t>(byte & 0x7f) << shift;
            if (byte < 0x80)
                return value;
        }
    }
    std::string text() {
        const auto size = number();
        at += size;
        return {at - size, size};
    }
};

} // namespace

request_head::request_head(const http_request& request) {
    counter needed;
    put_request(needed, request);
    packed_ = std::make_unique_for_overwrite<char[]>(needed.size);
    writer out{packed_.get()};
    put_request(out, request);
}

http_request request_head::unpack() const {
    reader in{packed_.get()};
    http_request made;
    made.method = in.text();
    made.path = in.text();
    made.query = in.text();
    made.http_version = in.text();
    made.remote_address = in.text();
    made.remote_port = static_cast<std::uint16_t>(in.number());
    made.local_address = in.text();
    made.local_port = static_cast<std::uint16_t>(in.number());
    made.secure = in.number() == 1;
    if (const auto answer = in.number(); answer != 0)
        made.origin_allowed = answer == 2;
    made.headers.resize(in.number());
    for (auto& [name, value] : made.headers) {
        name = in.text();
        value = in.text();
    }
    return made;
}

} // namespace eio
