// Many editors of shared documents, who know what they are told and show none of it.
#pragma once

#include "load/crowd.hpp"
#include "load/dialect.hpp"
#include "load/scenarios.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace load {

class editors {
public:
    // They connect to where this document is.
    editors(loop& on, const plan& how, std::string_view document);

    void connect(std::size_t count);
    // Ask for the document's state, and all updates from then on; `has_state` follows.
    void join(std::size_t who, std::string_view document);
    void join(std::size_t who) { join(who, document_); }
    // All of them, at once. Throws when they do not all have its state within 30 s.
    void join_all();

    void send(std::size_t who, std::string_view update, std::string_view document);
    void send(std::size_t who, std::string_view update) { send(who, update, document_); }
    [[nodiscard]] std::size_t size() const { return crowd_.size(); }
    [[nodiscard]] std::uint64_t retries() const { return crowd_.retries(); }

    // May be set anew between runs of the loop. The bytes are valid during the call.
    std::function<void(std::size_t who, std::string_view update)> has_update;
    std::function<void(std::size_t who, std::string_view state)> has_state;

private:
    void hear(websocket_client& from, const dialect::heard& what);

    loop& loop_;
    std::string document_;
    std::unique_ptr<dialect> dialect_;
    crowd crowd_;
    std::vector<dialect::subject> next_; // of each: what its next binary frame is
};

} // namespace load
