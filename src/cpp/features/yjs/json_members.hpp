// What is in a JSON text, piece by piece and without a tree: for events of which two or three
// members matter, and the largest is passed on as it is. No state but the reader's own: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace features::yjs {

// Of an object, or of an array, whose keys are empty. The text has been found to be JSON; of what
// is none it reads something, and not beyond its end.
class json_members {
public:
    explicit json_members(std::string_view json) noexcept;

    struct member {
        std::string_view key; // without its quotes, not decoded
        std::string_view value;
    };
    [[nodiscard]] std::optional<member> next() noexcept;
    [[nodiscard]] bool is_object() const noexcept { return object_; }

private:
    const char* at_;
    const char* end_;
    bool object_ = false;
};

// A string, decoded. Nothing for any other value, and for text of more bytes than `most`.
[[nodiscard]] std::optional<std::string> json_string(std::string_view value, std::size_t most);

// How bytes travel where there are no attachments: [0,255]. Nothing for what is no such list.
[[nodiscard]] std::optional<std::string> bytes_of_list(std::string_view json);
// Appends them so.
void append_list(std::string& out, std::string_view bytes);

// {"_placeholder":true,"num":n}: the attachment that a value is.
[[nodiscard]] std::optional<std::uint32_t> placeholder(std::string_view value) noexcept;

} // namespace features::yjs
