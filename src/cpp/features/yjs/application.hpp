// What documents ask of the application, and where they are: implemented by `engine`.
#pragma once

#include "base/clock.hpp"
#include "base/task.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace features::yjs {

class relay;

// --- what the application is told, and which call of relay's answers it ---

// May this client read the document, and write? relay::on_access(), on the client's shard.
struct access_question {
    std::string document;
    std::string sid;
    std::string nsp;
    std::string auth; // JSON: what a client of y-socket.io authenticates with, or nothing
    std::string user; // JSON: who Open WebUI's client says that it is, or nothing
};
// What is there? relay::on_loaded().
struct load_question {
    std::string document;
};
// What was loaded is not what it should be; nothing answers it.
struct load_fault {
    std::string document;
    std::size_t damaged = 0; // stored updates that are none: left out, and left in the store
    std::size_t of = 0;
    std::string seed; // why it cannot begin with what the application gave, or nothing
};
// An update that is to be kept. relay::on_kept(), in order; of one that fails nothing is said.
// Without bytes: all that was kept up to here is to be forgotten.
struct kept_update {
    std::string document;
    std::string epoch;
    std::uint64_t number = 0;
    std::string update;
};
// All that there is up to an update. relay::on_stored().
struct stored_snapshot {
    std::string document;
    std::string epoch;
    std::uint64_t number = 0;
    std::string snapshot;
    std::string data;     // JSON, the last that an editor has sent with its updates; or nothing
    bool replaces = true; // the updates up to its number are of no more use
};
// To something that the application has asked, by a number of its own.
struct server_answer {
    std::uint64_t question = 0;
    bool ok = false;
    std::string data; // what was asked for, or why there is none
};

using notice = std::variant<
    access_question,
    load_question,
    load_fault,
    kept_update,
    stored_snapshot,
    server_answer>;

class application {
public:
    virtual ~application() = default;
    virtual void tell(notice&& told) = 0;
    [[nodiscard]] virtual std::string new_epoch() = 0;
    [[nodiscard]] virtual base::time_point now() const = 0;
    // On the shard that the document is at home on; at once if it is this one.
    virtual void at_home_of(std::string_view document, base::task<relay>&& call) = 0;
};

} // namespace features::yjs
