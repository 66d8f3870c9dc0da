// Names as small numbers, kept while something uses them.
#pragma once

#include "base/string_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace features::usage {

class names {
public:
    // One use of the name. What no longer uses it calls release().
    std::uint32_t use(std::string_view name) {
        if (const auto known = numbers_.find(name); known != numbers_.end()) {
            ++all_[known->second].uses;
            return known->second;
        }
        auto number = static_cast<std::uint32_t>(all_.size());
        if (free_.empty()) {
            all_.emplace_back();
        } else {
            number = free_.back();
            free_.pop_back();
        }
        const auto made = numbers_.emplace(name, number).first;
        all_[number] = {&made->first, 1};
        return number;
    }
    void release(std::uint32_t number) {
        auto& of = all_[number];
        if (--of.uses > 0)
            return;
        numbers_.erase(numbers_.find(*of.name));
        of.name = nullptr;
        free_.push_back(number);
    }
    // Nobody's: `none`.
    [[nodiscard]] std::uint32_t find(std::string_view name) const {
        const auto known = numbers_.find(name);
        return known == numbers_.end() ? none : known->second;
    }
    [[nodiscard]] const std::string& operator[](std::uint32_t number) const noexcept {
        return *all_[number].name;
    }
    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }

    static constexpr std::uint32_t none = 0xffff'ffff;

private:
    struct entry {
        const std::string* name = nullptr; // a key of numbers_, where it does not move
        std::uint32_t uses = 0;
    };
    base::string_map<std::uint32_t> numbers_;
    std::vector<entry> all_;
    std::vector<std::uint32_t> free_;
};

} // namespace features::usage
