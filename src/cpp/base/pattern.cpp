#include "base/pattern.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace base {

namespace {

using range = pattern::range;
using set = pattern::set;
using step = pattern::step;

constexpr char32_t last_character = 0x10FFFF;
constexpr unsigned max_depth = 50;     // of parentheses
constexpr std::uint32_t endless = ~0U; // of repeats
constexpr std::uint32_t most_repeats = 1'000;

// The text must be UTF-8.
char32_t take_character(std::string_view& text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t made = size == 1 ? lead : lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i)
        made = made << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    text.remove_prefix(size);
    return made;
}

// What has been read, as a tree.
struct node {
    enum class kind : std::uint8_t { nothing, take, row, choice, repeat };
    kind what = kind::nothing;
    set taken{};
    std::vector<node> parts{};
    std::uint32_t least = 0;
    std::uint32_t most = 0;
};

class parser {
public:
    explicit parser(std::string_view text) : whole_(text), rest_(text) {}

    node read() {
        if (rest_.starts_with('^'))
            rest_.remove_prefix(1);
        auto made = read_choice(0);
        if (!rest_.empty())
            fail("there is a ')' without its '('");
        return made;
    }

private:
    [[noreturn]] void fail(const std::string& why) const {
        throw std::invalid_argument(
            "the pattern \"" + std::string(whole_) + "\" cannot be used: " + why);
    }
    bool take(char c) noexcept {
        const bool here = rest_.starts_with(c);
        if (here)
            rest_.remove_prefix(1);
        return here;
    }

    node read_choice(unsigned depth) {
        if (depth > max_depth)
            fail("its parentheses are too deep");
        node choice{.what = node::kind::choice};
        do
            choice.parts.push_back(read_row(depth));
        while (take('|'));
        return choice.parts.size() == 1 ? std::move(choice.parts.front()) : choice;
    }
    node read_row(unsigned depth) {
        node row{.what = node::kind::row};
        while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
            if (rest_ == "$" && depth == 0) {
                rest_ = {};
                break;
            }
            auto piece = read_piece(depth);
            row.parts.push_back(read_repeats(std::move(piece)));
        }
        return row;
    }
    node read_piece(unsigned depth) {
        if (take('(')) {
            if (take('?') && !take(':'))
                fail("of the groups that begin with '(?' it may have '(?:' only");
            auto group = read_choice(depth + 1);
            if (!take(')'))
                fail("there is a '(' without its ')'");
            return group;
        }
        if (take('['))
            return taking(read_class());
        if (take('.'))
            return taking({.ranges = {{'\n', '\n'}}, .except = true});
        if (take('\\'))
            return taking(read_escape());
        const auto c = take_character(rest_);
        if (c == '^' || c == '$')
            fail("it always has to match from start to end, '^' and '$' stand there or nowhere");
        if (c == '*' || c == '+' || c == '?' || c == '{')
            fail("there is nothing in front of a repeat");
        return taking({.ranges = {{c, c}}});
    }
    static node taking(set characters) {
        return {.what = node::kind::take, .taken = std::move(characters)};
    }
    set read_escape() {
        if (rest_.empty())
            fail("it ends with a backslash");
        const auto c = take_character(rest_);
        const set digits{.ranges = {{'0', '9'}}};
        const set word{.ranges = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}};
        const set space{.ranges = {{'\t', '\r'}, {' ', ' '}}};
        const auto others = [](set of) {
            of.except = true;
            return of;
        };
        switch (c) {
        case 'd':
            return digits;
        case 'D':
            return others(digits);
        case 'w':
            return word;
        case 'W':
            return others(word);
        case 's':
            return space;
        case 'S':
            return others(space);
        case 'n':
            return {.ranges = {{'\n', '\n'}}};
        case 'r':
            return {.ranges = {{'\r', '\r'}}};
        case 't':
            return {.ranges = {{'\t', '\t'}}};
        default:
            break;
        }
        const bool letter =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (letter)
            fail(std::string("there is no \\") + static_cast<char>(c) + " here");
        return {.ranges = {{c, c}}};
    }
    set read_class() {
        set made{.ranges = {}, .except = take('^')};
        for (bool first = true; first || !rest_.starts_with(']'); first = false) {
            if (rest_.empty())
                fail("there is a '[' without its ']'");
            const auto one = read_class_character(made);
            if (!one)
                continue;
            auto to = *one;
            if (rest_.starts_with('-') && rest_.size() > 1 && rest_[1] != ']') {
                rest_.remove_prefix(1);
                const auto last = read_class_character(made);
                if (!last || *last < *one)
                    fail("a range in '[]' goes backwards or ends with a class");
                to = *last;
            }
            made.ranges.push_back({*one, to});
        }
        rest_.remove_prefix(1);
        return made;
    }
    // Nothing when it was a class like \d, which is in `into` now.
    std::optional<char32_t> read_class_character(set& into) {
        if (!take('\\'))
            return take_character(rest_);
        const auto escaped = read_escape();
        if (escaped.except)
            fail("there is no \\D, \\W or \\S inside of '[]'");
        if (escaped.ranges.size() == 1 && escaped.ranges[0].from == escaped.ranges[0].to)
            return escaped.ranges[0].from;
        into.ranges.insert(into.ranges.end(), escaped.ranges.begin(), escaped.ranges.end());
        return std::nullopt;
    }
    node read_repeats(node piece) {
        std::uint32_t least = 0;
        std::uint32_t most = endless;
        if (take('*')) {
        } else if (take('+')) {
            least = 1;
        } else if (take('?')) {
            most = 1;
        } else if (take('{')) {
            least = read_count();
            most = take(',') ? (rest_.starts_with('}') ? endless : read_count()) : least;
            if (!take('}') || most < least)
                fail("what is in '{}' is no repeat");
        } else {
            return piece;
        }
        if (!rest_.empty() && (rest_.front() == '*' || rest_.front() == '+' ||
                               rest_.front() == '?' || rest_.front() == '{'))
            fail("there are two repeats in a row");
        node repeat{.what = node::kind::repeat, .least = least, .most = most};
        repeat.parts.push_back(std::move(piece));
        return repeat;
    }
    std::uint32_t read_count() {
        std::uint32_t count = 0;
        if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9')
            fail("what is in '{}' is no repeat");
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            count = count * 10 + static_cast<std::uint32_t>(rest_.front() - '0');
            if (count > most_repeats)
                fail("it repeats more than 1000 times");
            rest_.remove_prefix(1);
        }
        return count;
    }

    const std::string_view whole_;
    std::string_view rest_;
};

// From the end to the start: where to go on is always known.
class compiler {
public:
    pattern::program compile(const node& whole) {
        const auto end = add({});
        made_.start = emit(whole, end);
        return std::move(made_);
    }

private:
    std::uint32_t add(step added) {
        if (made_.steps.size() == pattern::max_steps)
            throw std::invalid_argument("a pattern cannot be used: it has more than 2000 steps");
        made_.steps.push_back(added);
        return static_cast<std::uint32_t>(made_.steps.size() - 1);
    }
    // The first step of `what`, which goes on at `next`.
    std::uint32_t emit(const node& what, std::uint32_t next) {
        switch (what.what) {
        case node::kind::nothing:
            return next;
        case node::kind::take:
            made_.sets.push_back(what.taken);
            return add({step::kind::take, static_cast<std::uint32_t>(made_.sets.size() - 1), next});
        case node::kind::row:
            for (auto part = what.parts.rbegin(); part != what.parts.rend(); ++part)
                next = emit(*part, next);
            return next;
        case node::kind::choice: {
            auto first = emit(what.parts.back(), next);
            for (auto part = what.parts.rbegin() + 1; part != what.parts.rend(); ++part) {
                const auto other = emit(*part, next);
                first = add({step::kind::fork, other, first});
            }
            return first;
        }
        case node::kind::repeat:
            return emit_repeat(what, next);
        }
        return next;
    }
    std::uint32_t emit_repeat(const node& what, std::uint32_t next) {
        const auto& part = what.parts.front();
        if (what.most == endless) {
            const auto loop = add({step::kind::fork, next, next});
            made_.steps[loop].first = emit(part, loop);
            next = loop;
        } else {
            const auto behind = next;
            for (auto i = what.least; i < what.most; ++i) {
                const auto once = emit(part, next);
                next = add({step::kind::fork, once, behind});
            }
        }
        for (std::uint32_t i = 0; i < what.least; ++i)
            next = emit(part, next);
        return next;
    }

    pattern::program made_;
};

// Steps that a text so far has led to, each once.
class step_set {
public:
    explicit step_set(const std::vector<step>& of) : steps_(&of), place_(of.size()) {}

    void clear() noexcept {
        list_.clear();
        matched_ = false;
    }
    [[nodiscard]] bool matched() const noexcept { return matched_; }
    [[nodiscard]] const std::vector<std::uint32_t>& list() const noexcept { return list_; }
    // With all that forks lead to.
    void add(std::uint32_t from) {
        waiting_.push_back(from);
        while (!waiting_.empty()) {
            const auto at = waiting_.back();
            waiting_.pop_back();
            if (place_[at] < list_.size() && list_[place_[at]] == at)
                continue;
            place_[at] = static_cast<std::uint32_t>(list_.size());
            list_.push_back(at);
            const auto& each = (*steps_)[at];
            if (each.what == step::kind::fork) {
                waiting_.push_back(each.second);
                waiting_.push_back(each.first);
            } else if (each.what == step::kind::match) {
                matched_ = true;
            }
        }
    }

private:
    const std::vector<step>* steps_;
    std::vector<std::uint32_t> place_; // in list_, where that is so
    std::vector<std::uint32_t> list_;
    std::vector<std::uint32_t> waiting_;
    bool matched_ = false;
};

void check(std::string_view text) {
    if (text.size() > pattern::max_text || !is_utf8(text))
        throw std::invalid_argument("a pattern must be UTF-8 of at most 1024 bytes");
}

} // namespace

bool pattern::set::has(char32_t c) const noexcept {
    const bool named = std::ranges::any_of(
        ranges, [c](const range& each) { return each.from <= c && c <= each.to; });
    return named != except;
}

pattern pattern::regex(std::string_view utf8) {
    check(utf8);
    return pattern(compiler().compile(parser(utf8).read()));
}

pattern pattern::glob(std::string_view utf8) {
    check(utf8);
    node row{.what = node::kind::row};
    const set any{.ranges = {{0, last_character}}};
    while (!utf8.empty()) {
        const auto c = take_character(utf8);
        node one{.what = node::kind::take, .taken = {.ranges = {{c, c}}}};
        if (c == '*' || c == '?')
            one.taken = any;
        if (c == '*') {
            node run{.what = node::kind::repeat, .least = 0, .most = endless};
            run.parts.push_back(std::move(one));
            row.parts.push_back(std::move(run));
        } else {
            row.parts.push_back(std::move(one));
        }
    }
    return pattern(compiler().compile(row));
}

bool pattern::matches(std::string_view utf8) const {
    if (utf8.size() > max_text || !is_utf8(utf8))
        return false;
    const auto& steps = program_->steps;
    step_set now(steps);
    step_set next(steps);
    now.add(program_->start);
    while (!utf8.empty()) {
        const auto c = take_character(utf8);
        next.clear();
        for (const auto at : now.list())
            if (steps[at].what == step::kind::take && program_->sets[steps[at].first].has(c))
                next.add(steps[at].second);
        if (next.list().empty())
            return false;
        std::swap(now, next);
    }
    return now.matched();
}

} // namespace base
