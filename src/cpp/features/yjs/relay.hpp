// Shared documents: reads what the clients of a shard ask of them, and passes it to where each
// document is at home, which may be here. Belongs to the shard's thread.
#pragma once

#include "base/string_hash.hpp"
#include "features/feature.hpp"
#include "features/yjs/application.hpp"
#include "features/yjs/library.hpp"
#include "features/yjs/options.hpp"
#include "features/yjs/request.hpp"
#include "sio/namespace_api.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace features::yjs {

enum class access : std::uint8_t { none, read, write };

class relay final : public feature {
public:
    relay(sio::namespace_api& rooms, std::unique_ptr<application> app, const options& chosen);

    // --- feature ---
    void on_join(const sio::peer& who, base::time_point now) override;
    void on_leave(const sio::peer& who, base::time_point now) override;
    [[nodiscard]] bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point now) override;
    void on_answer(
        const sio::peer& from,
        std::uint64_t question,
        sio::arguments& args,
        base::time_point now) override;
    [[nodiscard]] sio::admission admits(std::string_view nsp) const override;
    void on_knock(const sio::peer& who, std::string_view auth, base::time_point now) override;
    [[nodiscard]] std::optional<base::time_point> next_deadline() const override {
        return library_.next_deadline();
    }
    void sweep(base::time_point now) override { library_.sweep(now); }

    // --- what the application answers, on the client's shard ---
    // `user`: JSON, who it is; nothing: who it says that it is.
    void on_access(
        const std::string& sid,
        const std::string& nsp,
        const std::string& document,
        access may,
        const std::string& user,
        base::time_point now);

    // It is put out, or not let in if it is about to come. It may ask again.
    void revoke(const std::string& sid, const std::string& document);

    // The application has bound it to another user; empty: to nobody. Access is asked for again.
    void on_bound(const std::string& sid, const std::string& user);
    // The documents that it is in: a JSON list, as a server_answer.
    void tell_documents(std::uint64_t question, std::string_view sid) const;

    // --- on the document's ---
    [[nodiscard]] library& documents() noexcept { return library_; }
    [[nodiscard]] counters counted() const;

private:
    // Of one client and one document.
    struct attendance {
        bool asking = false;          // what the application thinks of it
        bool again = false;           // it has been bound to another user meanwhile
        bool revoked = false;         // meanwhile: whatever the answer is
        bool passed_on = false;       // its join
        std::string claimed;          // JSON: who it says that it is
        std::vector<request> waiting; // for that, its join first
    };
    struct visitor {
        std::string user; // JSON: whom it is bound to, or nothing
        base::string_map<attendance>
            seats; // at most max_documents_a_session; one in its own namespace
    };
    // Of one attendance.
    static constexpr std::size_t max_waiting = 64;

    void on_ydoc(
        const sio::peer& from,
        request_kind kind,
        std::optional<std::uint64_t> id,
        const sio::arguments& args,
        base::time_point now);
    void on_y_socket_io(
        const sio::peer& from,
        request_kind kind,
        std::optional<std::uint64_t> id,
        const sio::arguments& args,
        bool is_answer);
    void join(request&& asked, std::string_view user);
    void ask_access(const std::string& sid, const std::string& document, attendance& seat);
    void pass_on(request&& asked);
    void put_out(const std::string& sid, const std::string& document);
    void forget(const std::string& sid, const std::string& document);
    void refuse(const request& asked, refusal why, std::string_view detail = {});

    sio::namespace_api& rooms_;
    const std::unique_ptr<application> app_;
    const options options_;
    counters counters_;
    const surroundings around_;
    library library_;
    base::string_map<visitor> visitors_; // by sid
    // Those of y-socket.io that the application is asked about, and whether access has been revoked
    // meanwhile: as many as there are questions.
    base::string_map<bool> knocking_;
    // Of a client that on_access() lets in just now, for its on_join().
    std::optional<request> admitted_;
};

} // namespace features::yjs
