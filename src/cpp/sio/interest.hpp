// Which namespaces clients may join, and which events the application wants to hear.
#pragma once

#include "base/string_hash.hpp"

#include <string>
#include <string_view>

namespace sio {

struct interest {
    static constexpr std::string_view any = "*";

    bool any_namespace = false;
    bool everything = false; // deliver all: the application looks for itself
    base::string_set namespaces;
    base::string_map<base::string_set> handlers; // namespace -> events, each of which may be "*"

    [[nodiscard]] bool may_join(std::string_view nsp) const {
        return any_namespace || namespaces.contains(nsp);
    }
    // "connect" is never caught by "*".
    [[nodiscard]] bool wants_connect(std::string_view nsp) const {
        return everything || has(nsp, "connect");
    }
    [[nodiscard]] bool wants(std::string_view nsp, std::string_view event) const {
        return everything || has(nsp, event) || has(nsp, any);
    }

private:
    [[nodiscard]] bool has(std::string_view nsp, std::string_view event) const {
        const auto among = [&](std::string_view name) {
            const auto found = handlers.find(name);
            return found != handlers.end() && found->second.contains(event);
        };
        return among(nsp) || among(any);
    }
};

} // namespace sio
