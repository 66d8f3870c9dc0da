// Any bytes as what a client sends about a document: no crash, and what the functions promise.
#include "base/json.hpp"
#include "features/yjs/cursors.hpp"
#include "features/yjs/json_members.hpp"
#include "features/yjs/open_webui.hpp"
#include "features/yjs/y_socket_io.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

namespace {

namespace yjs = features::yjs;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void read_events(std::string_view text) {
    const yjs::options chosen;
    const sio::arguments args{std::string(text), {base::bytes("one"), base::bytes("two")}};
    for (const auto kind :
         {yjs::request_kind::join, yjs::request_kind::update, yjs::request_kind::awareness}) {
        std::string name;
        const auto read = yjs::open_webui::read(kind, args, chosen, name);
        if (const auto* asked = std::get_if<yjs::request>(&read)) {
            require(!asked->document.empty());
            require(asked->document.size() <= chosen.max_name_bytes);
            require(!asked->document.starts_with("note_"));
            require(asked->bytes.size() <= chosen.max_update_bytes);
        }
    }
    (void)yjs::y_socket_io::bytes_of(args, false, 100);
    (void)yjs::y_socket_io::bytes_of(args, true, 100);
}

void read_cursors(std::string_view text) {
    const yjs::options chosen;
    yjs::counters counted;
    yjs::cursors here(chosen, counted);
    const auto may_take = [](const std::string&) { return true; };
    yjs::cursor_set changed;
    if (here.take_json("a", text, may_take, changed) == yjs::cursors::outcome::taken)
        require(base::json::valid(yjs::as_json(changed)));
    if (here.take_protocol("b", text, may_take, changed) == yjs::cursors::outcome::taken)
        require(base::json::valid(yjs::as_json(changed)));
    require(here.all().size() <= 2 * yjs::cursors::max_of_member);
    // What is told in the one dialect is understood in it.
    yjs::cursors there(chosen, counted);
    yjs::cursor_set again;
    require(
        there.take_protocol("c", yjs::as_protocol(here.all()), may_take, again) ==
        yjs::cursors::outcome::taken);
    (void)here.remove_of("a");
    (void)here.remove_of("b");
    require(here.all().empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string list;
    yjs::append_list(list, text);
    require(yjs::bytes_of_list(list) == text);
    (void)yjs::bytes_of_list(text);
    for (yjs::json_members in(text); const auto each = in.next();)
        require(!each->value.empty() && each->value.data() + each->value.size() <= text.end());
    // Arguments have been found to be JSON before anything reads them.
    if (base::json::valid(text))
        read_events(text);
    read_cursors(text);
    return 0;
}
