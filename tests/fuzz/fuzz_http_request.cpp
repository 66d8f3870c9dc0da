// A request must mean the same however the network splits it, and no bytes may hurt.
#include "net/http_parser.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t max_body = 4'096;
const net::limits bounds;

std::string describe(net::http_parser& parser) {
    using phase = net::http_parser::phase;
    if (parser.at() == phase::failed)
        return "failed " + std::to_string(parser.status());
    if (parser.at() != phase::done)
        return "more";
    const auto& request = parser.request();
    if (request.body.size() > max_body || request.headers.size() > bounds.head_fields)
        std::abort();
    std::string text = request.method + ' ' + request.path + '?' + request.query + ' ' +
                       request.http_version + (parser.keep_alive() ? " keep" : " close") +
                       (request.body_too_large ? " large\n" : "\n");
    for (const auto& header : request.headers) {
        if (header.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            std::abort();
        text += header.name + ": " + header.value + '\n';
    }
    return text + request.body;
}

// `sizes` are taken in turn; a zero stands for all that is left.
std::string parse(std::string_view stream, std::string_view sizes) {
    net::http_parser parser(bounds, max_body);
    using phase = net::http_parser::phase;
    std::string waiting;
    for (std::size_t i = 0;
         !stream.empty() && parser.at() != phase::done && parser.at() != phase::failed;
         ++i) {
        const std::size_t wanted = static_cast<std::uint8_t>(sizes[i % sizes.size()]);
        const auto size = wanted == 0 ? stream.size() : std::min(wanted, stream.size());
        waiting += stream.substr(0, size);
        stream.remove_prefix(size);
        waiting.erase(0, parser.feed(waiting));
    }
    return describe(parser);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t sizes = 4; // the first bytes tell how to split the others
    if (size < sizes)
        return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto stream = input.substr(sizes);
    if (parse(stream, std::string_view("\0", 1)) != parse(stream, input.substr(0, sizes)))
        std::abort();
    return 0;
}
