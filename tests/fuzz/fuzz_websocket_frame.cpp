// A stream of frames must mean the same however the network splits it, and no stream may hurt.
#include "net/websocket_frame.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t max_message = 4'096;

struct recorder final : net::websocket_sink {
    bool add(char kind, std::string_view data) {
        if (data.size() > max_message)
            std::abort();
        heard += kind;
        heard += std::to_string(data.size()) + ':';
        heard += data;
        return true;
    }
    bool on_message(std::string_view data, bool binary) override {
        if (!binary && !base::is_utf8(data))
            std::abort();
        return add(binary ? 'b' : 't', data);
    }
    bool on_ping(std::string_view payload) override { return add('i', payload); }
    bool on_pong(std::string_view payload) override { return add('o', payload); }
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override {
        add('c', std::to_string(code.value_or(0)) + " " + std::string(reason));
        closed = true;
        return false;
    }
    std::string heard;
    bool closed = false;
};

// `sizes` are taken in turn; a zero stands for all that is left.
std::string decode(std::string_view stream, std::string_view sizes) {
    net::websocket_decoder decoder(max_message);
    recorder sink;
    for (std::size_t i = 0; !stream.empty(); ++i) {
        const std::size_t wanted = static_cast<std::uint8_t>(sizes[i % sizes.size()]);
        const auto size = wanted == 0 ? stream.size() : std::min(wanted, stream.size());
        // Storage of exactly this size, so that a read beyond it is seen.
        std::vector<char> bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
        stream.remove_prefix(size);
        const auto fed = decoder.feed(bytes, sink);
        if (fed.violation)
            return sink.heard + '!' + std::to_string(static_cast<int>(*fed.violation));
        if (sink.closed)
            break;
        if (fed.consumed != size)
            std::abort();
    }
    return sink.heard;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t sizes = 4; // the first bytes tell how to split the others
    if (size < sizes)
        return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto stream = input.substr(sizes);
    if (decode(stream, std::string_view("\0", 1)) != decode(stream, input.substr(0, sizes)))
        std::abort();
    return 0;
}
