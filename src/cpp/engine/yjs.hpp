// Shared documents as the application sees them: what it chooses and what it answers. Any thread.
#pragma once

#include "features/yjs/options.hpp"
#include "features/yjs/relay.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace engine {

class engine;
class shards;

class yjs {
public:
    using options = ::features::yjs::options;
    using counters = ::features::yjs::counters;
    using access = ::features::yjs::access;
    using loaded_document = ::features::yjs::loaded_document;

    // From here on its clients share documents. Of an engine that runs, once: when it has been
    // closed and started again, another one. Throws std::logic_error if it does not.
    yjs(const engine& of, const options& chosen);

    // --- answers to notices: see features/yjs/application.hpp ---
    void
    on_access(std::string sid, std::string nsp, std::string document, access may, std::string user);
    void on_loaded(std::string document, loaded_document loaded);
    void on_kept(std::string document, std::uint64_t number);
    void on_stored(std::string document, bool stored);

    // --- commands; a server_answer follows those with a question ---
    void ask_state(std::uint64_t question, std::string document);
    void apply(std::uint64_t question, std::string document, std::string update);
    void clear(std::uint64_t question, std::string document);
    void put_out(std::string document, std::string sid);
    // To a user, or to nobody: see sio.users. After it has been put into the user's room.
    void on_bound(std::string sid, std::string user);
    // JSON lists: the sids of those who are in it, and the documents that a client is in.
    void ask_members(std::uint64_t question, std::string document);
    void ask_documents(std::uint64_t question, std::string sid);

    // --- questions: the caller waits ---
    [[nodiscard]] std::size_t flush(bool failed_too);
    [[nodiscard]] counters counted() const;

    // How many there were of each reason.
    [[nodiscard]] static std::vector<std::pair<const char*, std::uint64_t>>
    refusals(const counters& of);

private:
    using relay = ::features::yjs::relay;
    // Of each shard; each entry is its shard's own.
    using relays = std::vector<relay*>;

    template <class Call>
    void at(unsigned shard, Call call);
    template <class Call>
    void at_home_of(const std::string& document, Call call);
    void pass_on(::features::yjs::request&& asked);

    const std::weak_ptr<shards> all_;
    const std::shared_ptr<relays> relays_;
};

} // namespace engine
