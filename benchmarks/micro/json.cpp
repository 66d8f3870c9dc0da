// JSON checked and searched as every event's arguments are before Python sees them.
#include "base/json.hpp"

#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"

#include <stdexcept>
#include <string>

namespace micro {
namespace {

// `["chat",{"id":0,"text":"…","tags":[…]},…]` with so many messages.
std::string chat(std::size_t messages) {
    std::string text = R"(["chat")";
    for (std::size_t i = 0; i < messages; ++i) {
        text += R"(,{"id":)" + std::to_string(i) +
                R"(,"user":"somebody","text":"Grüße, and a \"quoted\" word or two","at":1.75e9,)" +
                R"("tags":["one","two",null,true]})";
    }
    return text + "]";
}

void scan(std::string_view name, const std::string& text) {
    if (!base::json::scan_array(text)) {
        throw std::logic_error("not an array");
    }
    measure(
        "JSON scan, " + std::string(name) + " of " + std::to_string(text.size()) + " bytes",
        [&] { keep(base::json::scan_array(text)); });
}

} // namespace

void json() {
    scan("echo", R"(["echo","xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"])");
    scan("message", chat(1));
    scan("messages", chat(20));
    scan("text", "[\"text\",\"" + std::string(10'000, 'x') + "\"]");
    std::string out;
    measure("JSON string of 32 bytes, quote", [&] {
        out.clear();
        base::json::append_quoted(out, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        keep(out);
    });
}

} // namespace micro
