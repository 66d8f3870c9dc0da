#include "features/yjs/block.hpp"

namespace features::yjs {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

id read_id(lib0::reader& in) noexcept {
    const std::uint64_t client = in.number();
    return {client, in.number()};
}

// An editor that is given such an item looks for what it does not have, and throws.
void check_reference(lib0::reader& in, const block& item, const id& other) noexcept {
    if (other.client == item.client && other.clock >= item.clock)
        in.fail("an item refers to itself or to what comes after it");
}

void read_parent(lib0::reader& in, const block& item) noexcept {
    switch (in.number()) {
    case 0:
        check_reference(in, item, read_id(in));
        break;
    case 1:
        in.text(); // a type of the document by its name
        break;
    default:
        in.fail("a parent is neither a name nor an item");
    }
    if ((item.flags & block::in_map) != 0)
        in.text();
}

void read_head(lib0::reader& in, block& item) noexcept {
    const char* const begin = in.at();
    if ((item.flags & block::has_origin) != 0) {
        item.origin = read_id(in);
        check_reference(in, item, item.origin);
    }
    if ((item.flags & block::has_right_origin) != 0) {
        item.right_origin = read_id(in);
        check_reference(in, item, item.right_origin);
    }
    if ((item.flags & (block::has_origin | block::has_right_origin)) == 0)
        read_parent(in, item);
    item.head = in.fault() == nullptr ? std::string_view(begin, in.at()) : std::string_view();
}

void read_type(lib0::reader& in) noexcept {
    switch (in.number()) {
    case 0: // YArray
    case 1: // YMap
    case 2: // YText
    case 4: // YXmlFragment
    case 6: // YXmlText
        break;
    case 3: // YXmlElement
    case 5: // YXmlHook
        in.text();
        break;
    default:
        in.fail("a type is of no known kind");
    }
}

void read_json_value(lib0::reader& in) noexcept {
    lib0::reader ahead = in;
    if (ahead.bytes() == "undefined") // as ContentJSON writes it
        in = ahead;
    else
        in.json();
}

void read_doc(lib0::reader& in) noexcept {
    in.text(); // its guid
    // Its options, of which Yjs takes members without looking whether it is an object.
    if (const std::string_view options = in.any(); options.empty() || options[0] != 118)
        in.fail("a document's options are not an object");
}

// Sets the length, and the content from where it begins behind what counts it.
void read_content(lib0::reader& in, block& item) noexcept {
    item.length = 1;
    const char* begin = in.at();
    switch (item.kind) {
    case content_kind::deleted:
        item.length = in.number();
        begin = in.at();
        break;
    case content_kind::json:
        item.length = in.count(1);
        begin = in.at();
        for (std::uint64_t i = 0; i < item.length && in.fault() == nullptr; ++i)
            read_json_value(in);
        break;
    case content_kind::any:
        item.length = in.count(1);
        begin = in.at();
        for (std::uint64_t i = 0; i < item.length && in.fault() == nullptr; ++i)
            in.any();
        break;
    case content_kind::string:
        item.content = in.text();
        item.length = lib0::utf16_length(item.content);
        return;
    case content_kind::binary:
        in.bytes();
        break;
    case content_kind::embed:
        in.json();
        break;
    case content_kind::format:
        in.text();
        in.json();
        break;
    case content_kind::type:
        read_type(in);
        break;
    case content_kind::doc:
        read_doc(in);
        break;
    case content_kind::gc:
    case content_kind::skip:
        break;
    }
    if (in.fault() == nullptr)
        item.content = {begin, in.at()};
}

// Past so many UTF-16 units. `inside` is set when they end within a surrogate pair, behind which
// it stops then.
const char* skip_units(const char* at, std::uint64_t units, bool& inside) noexcept {
    while (units > 0) {
        const auto lead = static_cast<std::uint8_t>(*at);
        at += lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (lead < 0xF0) {
            --units;
        } else if (units == 1) {
            inside = true;
            return at;
        } else {
            units -= 2;
        }
    }
    return at;
}

const char*
skip_values(content_kind kind, std::string_view content, std::uint64_t values) noexcept {
    lib0::reader in(content);
    for (; values > 0; --values) {
        if (kind == content_kind::any)
            in.any();
        else
            in.bytes();
    }
    return in.at();
}

} // namespace

void block::drop() noexcept {
    kind = content_kind::deleted;
    content = {};
    starts_cut = ends_cut = false;
}

block read_block(lib0::reader& in, std::uint64_t client, std::uint64_t clock) noexcept {
    block made;
    made.client = client;
    made.clock = clock;
    const std::uint8_t info = in.byte();
    made.kind = static_cast<content_kind>(info & 0x1F);
    made.flags = info & 0xE0;
    if (made.kind > content_kind::skip || (!made.is_item() && made.flags != 0)) {
        in.fail("a struct is of no known kind");
    } else if (made.is_item()) {
        read_head(in, made);
        read_content(in, made);
    } else {
        made.length = in.number();
    }
    // An editor cannot find its way among structs of which one has no length.
    if (made.length == 0)
        in.fail("a struct has no length");
    if (made.length > lib0::max_integer - clock)
        in.fail("a clock is larger than 2^53 - 1");
    return made;
}

block cut_front(block& whole, std::uint64_t length) noexcept {
    block front = whole;
    const std::string_view content = whole.content;
    const char* at = content.data();
    whole.starts_cut = false;
    if (whole.kind == content_kind::string) {
        bool inside = false;
        // The U+FFFD that it starts with is the first unit.
        at = skip_units(at, length - static_cast<std::uint64_t>(front.starts_cut), inside);
        front.ends_cut = whole.starts_cut = inside;
    } else if (whole.kind == content_kind::any || whole.kind == content_kind::json) {
        at = skip_values(whole.kind, content, length);
    }
    const auto size = static_cast<std::size_t>(at - content.data());
    // Neither has the pair that was cut, of four bytes.
    front.content = content.substr(0, whole.starts_cut ? size - 4 : size);
    front.length = length;
    whole.content = content.substr(size);
    whole.clock += length;
    whole.length -= length;
    if (whole.is_item()) {
        whole.origin = {whole.client, whole.clock - 1};
        whole.flags |= block::has_origin;
        whole.head = {};
    }
    return front;
}

bool joinable(const block& left, const block& right) noexcept {
    if (left.kind != right.kind || left.end() != right.clock)
        return false;
    switch (left.kind) {
    case content_kind::gc:
        return true;
    case content_kind::json:
    case content_kind::any:
        // Values of one key: the earlier ones are deleted by the later one's arrival, which must
        // not be seen to fail where no delete set says so.
        if (((left.flags | right.flags) & block::in_map) != 0)
            return false;
        [[fallthrough]];
    case content_kind::string:
    case content_kind::deleted:
        return (right.flags & block::has_origin) != 0 &&
               right.origin == id{left.client, left.end() - 1} &&
               (left.flags & block::has_right_origin) == (right.flags & block::has_right_origin) &&
               left.right_origin == right.right_origin;
    case content_kind::binary:
    case content_kind::embed:
    case content_kind::format:
    case content_kind::type:
    case content_kind::doc:
    case content_kind::skip:
        return false;
    }
    return false;
}

void append_prefix(std::string& out, const block& each) {
    out += static_cast<char>(static_cast<std::uint8_t>(each.kind) | each.flags);
    if (!each.is_item())
        return;
    if (!each.head.empty()) {
        out += each.head;
        return;
    }
    lib0::append_number(out, each.origin.client);
    lib0::append_number(out, each.origin.clock);
    if ((each.flags & block::has_right_origin) != 0) {
        lib0::append_number(out, each.right_origin.client);
        lib0::append_number(out, each.right_origin.clock);
    }
}

void append_content(std::string& out, const block& each) {
    if (each.starts_cut)
        out += replacement;
    out += each.content;
    if (each.ends_cut)
        out += replacement;
}

void append_sized_content(
    std::string& out, const block& first, std::uint64_t length, std::string_view content) {
    switch (first.kind) {
    case content_kind::gc:
    case content_kind::skip:
    case content_kind::deleted:
        lib0::append_number(out, length);
        return;
    case content_kind::string:
        lib0::append_text(out, content);
        return;
    case content_kind::json:
    case content_kind::any:
        lib0::append_number(out, length);
        break;
    case content_kind::binary:
    case content_kind::embed:
    case content_kind::format:
    case content_kind::type:
    case content_kind::doc:
        break;
    }
    out += content;
}

void append_block(std::string& out, const block& each) {
    append_prefix(out, each);
    if (!each.starts_cut && !each.ends_cut) {
        append_sized_content(out, each, each.length, each.content);
        return;
    }
    std::string content;
    append_content(content, each);
    append_sized_content(out, each, each.length, content);
}

} // namespace features::yjs
