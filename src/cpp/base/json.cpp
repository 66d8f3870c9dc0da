#include "base/json.hpp"

#include "base/json_lex.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace base::json {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

// Of a number's text. Python takes 1e-999 for zero too; that does not matter here.
bool is_zero(std::string_view number) {
    return !number.empty() &&
           number.substr(0, number.find_first_of("eE")).find_first_of("123456789") ==
               std::string_view::npos;
}

// One walk over one text. The containers that are open stand in an array, so that depth does not
// cost the C stack; and an allocation only where it is out of the ordinary.
class scanner {
public:
    scanner(std::string_view text, const limits& limits, array_scan& result)
        : begin_(text.data()),
          at_(begin_),
          end_(begin_ + text.size()),
          limits_(limits),
          result_(result) {
        limits_.depth = std::min(limits_.depth, max_depth);
    }

    bool run();
    // After a run() that failed.
    [[nodiscard]] std::string fault() const;

private:
    enum class progress : std::uint8_t { failed, opened, complete };
    enum class key_name : std::uint8_t { other, placeholder, num };
    enum class value_kind : std::uint8_t { falsy, truthy, literal_true, integer, real };

    // An open array or object, and what was read of the keys that make a placeholder. Without
    // initialisers, so that an array of them costs nothing until it is used.
    struct container {
        bool object;
        key_name key;    // of the value to come
        value_kind mark; // the value of "_placeholder"
        bool has_num;
        std::int32_t num; // negative if it is missing or no place in a list
    };

    progress read_value();
    progress open(bool object);
    progress read_string();
    progress read_number();
    progress read_word(std::string_view word, value_kind kind);
    progress read_non_finite(std::string_view word);
    bool read_key();
    bool follow_value();
    void close_object(const container& object);
    void note(value_kind kind, std::string_view token = {});
    bool has_room();
    bool in_outermost_array() const { return depth_ == 1 && !open_[0].object; }
    bool is_first_element() const { return in_outermost_array() && result_.elements == 1; }

    static constexpr std::size_t ordinary_depth = 128;

    const char* const begin_;
    const char* at_;
    const char* end_;
    limits limits_;
    array_scan& result_;
    std::size_t depth_ = 0;
    std::string key_; // scratch for one with escapes
    std::array<container, ordinary_depth> near_;
    std::unique_ptr<container[]> far_; // made when near_ is full
    container* open_ = near_.data();   // of one of the two: those below depth_
    std::size_t room_ = ordinary_depth;
};

bool scanner::run() {
    for (;;) {
        switch (read_value()) {
        case progress::failed:
            return false;
        case progress::opened:
            break;
        case progress::complete:
            if (!follow_value()) {
                return false;
            }
            if (depth_ == 0) {
                return at_ == end_;
            }
        }
    }
}

std::string scanner::fault() const {
    const auto place =
        "byte " + std::to_string(at_ - begin_) + " of " + std::to_string(end_ - begin_) + " ";
    if (in_outermost_array() && result_.elements > limits_.elements) {
        return place + "begins one value more than the " + std::to_string(limits_.elements) +
               " allowed";
    }
    if (depth_ == limits_.depth && at_ != end_ && (*at_ == '[' || *at_ == '{')) {
        return place + "goes deeper than the " + std::to_string(limits_.depth) + " levels allowed";
    }
    return place + "is not JSON";
}

// A scalar or an empty container is complete; another container is open and its first key read.
scanner::progress scanner::read_value() {
    at_ = lex::skip_space(at_, end_);
    if (at_ == end_) {
        return progress::failed;
    }
    if (in_outermost_array() && ++result_.elements > limits_.elements) {
        return progress::failed;
    }
    switch (*at_) {
    case '{':
        return open(true);
    case '[':
        return open(false);
    case '"':
        return read_string();
    case 't':
        return read_word("true", value_kind::literal_true);
    case 'f':
        return read_word("false", value_kind::falsy);
    case 'n':
        return read_word("null", value_kind::falsy);
    case 'N':
        return read_non_finite("NaN");
    case 'I':
        return read_non_finite("Infinity");
    default:
        return read_number();
    }
}

bool scanner::has_room() {
    if (depth_ < room_)
        return depth_ < limits_.depth;
    if (depth_ >= limits_.depth)
        return false;
    far_ = std::make_unique_for_overwrite<container[]>(max_depth);
    std::copy_n(open_, depth_, far_.get());
    open_ = far_.get();
    room_ = max_depth;
    return true;
}

scanner::progress scanner::open(bool object) {
    if (!has_room()) {
        return progress::failed;
    }
    at_ = lex::skip_space(at_ + 1, end_);
    if (at_ != end_ && *at_ == (object ? '}' : ']')) {
        ++at_;
        note(value_kind::falsy);
        return progress::complete;
    }
    note(value_kind::truthy);
    open_[depth_++] = container{
        .object = object,
        .key = key_name::other,
        .mark = value_kind::falsy,
        .has_num = false,
        .num = -1};
    return !object || read_key() ? progress::opened : progress::failed;
}

scanner::progress scanner::read_string() {
    const char* begin = at_ + 1;
    const lex::string_token token = lex::read_string(begin, end_);
    if (token.close == nullptr) {
        return progress::failed;
    }
    at_ = token.close + 1;
    if (is_first_element()) {
        result_.starts_with_string = true;
        if (token.escaped) {
            lex::append_decoded(result_.first, {begin, token.close});
        } else {
            result_.first.assign(begin, token.close);
        }
    }
    note(begin == token.close ? value_kind::falsy : value_kind::truthy);
    return progress::complete;
}

scanner::progress scanner::read_number() {
    const char* begin = at_;
    const lex::number_token token = lex::read_number(begin, end_);
    if (token.end == nullptr) {
        return read_non_finite("-Infinity");
    }
    at_ = token.end;
    const std::string_view digits(begin, token.end);
    if (is_first_element()) {
        result_.starts_with_integer = token.integer;
    }
    note(token.integer ? value_kind::integer : value_kind::real, digits);
    return progress::complete;
}

scanner::progress scanner::read_word(std::string_view word, value_kind kind) {
    const char* behind = lex::read_word(at_, end_, word);
    if (behind == nullptr) {
        return progress::failed;
    }
    at_ = behind;
    note(kind);
    return progress::complete;
}

scanner::progress scanner::read_non_finite(std::string_view word) {
    return limits_.non_finite ? read_word(word, value_kind::truthy) : progress::failed;
}

// The key and its colon.
bool scanner::read_key() {
    at_ = lex::skip_space(at_, end_);
    if (at_ == end_ || *at_ != '"') {
        return false;
    }
    const char* begin = at_ + 1;
    const lex::string_token token = lex::read_string(begin, end_);
    if (token.close == nullptr) {
        return false;
    }
    std::string_view key(begin, token.close);
    if (token.escaped) {
        key_.clear();
        lex::append_decoded(key_, key);
        key = key_;
    }
    open_[depth_ - 1].key = key == "_placeholder" ? key_name::placeholder
                            : key == "num"        ? key_name::num
                                                  : key_name::other;
    at_ = lex::skip_space(token.close + 1, end_);
    if (at_ == end_ || *at_ != ':') {
        return false;
    }
    ++at_;
    return true;
}

// Behind a value: closes what ends here, up to where the next value starts or the text's end.
bool scanner::follow_value() {
    for (;;) {
        at_ = lex::skip_space(at_, end_);
        if (depth_ == 0) {
            return true;
        }
        if (at_ == end_) {
            return false;
        }
        const container& innermost = open_[depth_ - 1];
        const char c = *at_++;
        if (c == ',') {
            return !innermost.object || read_key();
        }
        if (c != (innermost.object ? '}' : ']')) {
            return false;
        }
        if (innermost.object) {
            close_object(innermost);
        }
        --depth_;
    }
}

void scanner::close_object(const container& object) {
    if (object.mark == value_kind::falsy) {
        return;
    }
    if (object.num >= 0) {
        result_.placeholders.push_back(static_cast<std::uint32_t>(object.num));
    } else if (object.has_num || object.mark == value_kind::literal_true) {
        result_.bad_placeholder = true;
    }
}

// Remembers a value that may make its object a placeholder.
void scanner::note(value_kind kind, std::string_view token) {
    if (depth_ == 0) {
        return;
    }
    container& object = open_[depth_ - 1];
    switch (object.key) {
    case key_name::other:
        break;
    case key_name::placeholder:
        object.mark = is_zero(token) ? value_kind::falsy : kind;
        break;
    case key_name::num:
        object.has_num = true;
        object.num = -1;
        if (kind == value_kind::integer) { // out of range it stays -1
            std::from_chars(token.data(), token.data() + token.size(), object.num);
        }
        break;
    }
}

void append_code_point(std::string& out, std::uint32_t c) {
    const auto last_bits = [](std::uint32_t bits) {
        return static_cast<char>(0x80 | (bits & 0x3F));
    };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        out += last_bits(c);
    } else if (c < 0x1'0000) {
        out += static_cast<char>(0xE0 | (c >> 12));
        out += last_bits(c >> 6);
        out += last_bits(c);
    } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        out += last_bits(c >> 12);
        out += last_bits(c >> 6);
        out += last_bits(c);
    }
}

std::uint32_t read_unit(const char* at) {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
        unit = unit << 4 | static_cast<std::uint32_t>(lex::hex_digit(at[i]));
    }
    return unit;
}

bool is_high_surrogate(std::uint32_t unit) {
    return unit >> 10 == 0xD800 >> 10;
}
bool is_low_surrogate(std::uint32_t unit) {
    return unit >> 10 == 0xDC00 >> 10;
}

// The letters of short escapes and the control characters they stand for, side by side.
constexpr std::string_view short_escapes = "bfnrt";
constexpr std::string_view short_escaped = "\b\f\n\r\t";

char unescape(char letter) {
    const std::size_t found = short_escapes.find(letter);
    // Otherwise a quote, a slash or a backslash.
    return found == std::string_view::npos ? letter : short_escaped[found];
}

} // namespace

bool lex::append_decoded(std::string& out, std::string_view raw) {
    bool lone = false;
    while (!raw.empty()) {
        const std::size_t plain = std::min(raw.find('\\'), raw.size());
        out += raw.substr(0, plain);
        raw.remove_prefix(plain);
        if (raw.empty()) {
            break;
        }
        if (raw[1] != 'u') {
            out += unescape(raw[1]);
            raw.remove_prefix(2);
            continue;
        }
        std::uint32_t c = read_unit(raw.data() + 2);
        raw.remove_prefix(6);
        if (is_high_surrogate(c) && raw.starts_with("\\u")) {
            const std::uint32_t low = read_unit(raw.data() + 2);
            if (is_low_surrogate(low)) {
                c = 0x1'0000 + ((c & 0x3FF) << 10) + (low & 0x3FF);
                raw.remove_prefix(6);
            }
        }
        lone = lone || is_high_surrogate(c) || is_low_surrogate(c);
        append_code_point(out, c);
    }
    return lone;
}

void lex::append_escape(std::string& out, char special) {
    const std::size_t found = short_escaped.find(special);
    out += '\\';
    if (special == '"' || special == '\\') {
        out += special;
    } else if (found != std::string_view::npos) {
        out += short_escapes[found];
    } else {
        out += "u00";
        out += hex_digits[static_cast<unsigned char>(special) >> 4];
        out += hex_digits[static_cast<unsigned char>(special) & 15];
    }
}

std::optional<array_scan> scan_array(std::string_view text, const limits& limits) {
    const char* begin = lex::skip_space(text.data(), text.data() + text.size());
    if (begin == text.data() + text.size() || *begin != '[') {
        return std::nullopt;
    }
    std::optional<array_scan> result(std::in_place);
    if (!scanner(text, limits, *result).run()) {
        result.reset();
    }
    return result;
}

bool valid(std::string_view text, const limits& limits) {
    array_scan unused;
    return scanner(text, limits, unused).run();
}

std::string fault(std::string_view text, const limits& limits) {
    array_scan unused;
    scanner refused(text, limits, unused);
    return refused.run() ? "nothing is wrong" : refused.fault();
}

void append_quoted(std::string& out, std::string_view utf8) {
    out += '"';
    const char* at = utf8.data();
    const char* const end = at + utf8.size();
    for (;;) {
        std::uint64_t seen = 0;
        const char* special = lex::skip_plain(at, end, seen);
        out.append(at, special);
        if (special == end) {
            break;
        }
        lex::append_escape(out, *special);
        at = special + 1;
    }
    out += '"';
}

} // namespace base::json
